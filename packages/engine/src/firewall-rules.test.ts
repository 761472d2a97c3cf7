import { expect, it } from 'vitest'
import { guardRules } from './firewall-rules.ts'

const names = { prefix: 'paas', bridges: 'paas-+' }
const open = { publicPorts: [80], nameServers: [] }

it('guards the machine from our bridges', () => {
  expect(guardRules(names, open).hooks).toEqual(['INPUT -i paas-+ -j paas-guard', 'FORWARD -i paas-+ -j paas-link'])
})

it("guards it from a swarm's gateway too, by which nobody asks the world for an app's address", () => {
  const gateway = { bridge: 'docker_gwbridge', range: '10.213.0.0/16' }
  const { hooks, chains } = guardRules(names, { ...open, gateway })
  expect(hooks).toContain('INPUT -i docker_gwbridge -j paas-guard')
  expect(hooks).toContain('FORWARD -i docker_gwbridge -j paas-link')
  expect(chains['paas-link']).toContain('-i docker_gwbridge -d 10.213.0.0/16 -j DROP')
})
