import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DynoSpec } from './dynos-config.ts'
import { escapeTemplate, serviceName, serviceSpec } from './swarm-service.ts'

const engine = { prefix: 'paas' }
const dyno: DynoSpec = {
  ...{ dynoId: '0f3c9a54-6d6e-4b3f-9f43-9f6f6f0c7a11', appId: 'app-id', app: 'shop', type: 'web', number: 1, release: 12 },
  ...{ image: 'paas/app-app-id:build', command: 'node server.js', env: { PORT: '8080' } },
  ...{ memoryMiB: 1024, pids: 256, cpuShares: 1024, stopGraceMs: 30_000 },
}
const host = { network: 'overlay', nodeId: 'node-id', image: { id: 'sha256:abc', onStack: true } }

describe('the name of a service', () => {
  it('is the same for the same dyno', () => {
    expect(serviceName(engine, dyno)).toBe('paas-shop-web-1-v12-0f3c9a54')
  })

  it('is a DNS label, whatever the app and the process type are called', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,40}$/)
    fc.assert(
      fc.property(word, word, fc.nat(), (app, type, number) => {
        const name = serviceName({ prefix: 'sixteenletters16' }, { ...dyno, app, type, number })
        expect(name).toMatch(/^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/)
        expect(name.length).toBeLessThanOrEqual(63)
        expect(name.endsWith('-0f3c9a54')).toBe(true)
      }),
    )
  })
})

describe('what Swarm is asked for', () => {
  const { TaskTemplate: task } = serviceSpec(engine, dyno, host) as { TaskTemplate: Record<string, Record<string, unknown>> }

  it('is one try: the scheduler decides about the next', () => {
    expect(task['RestartPolicy']).toEqual({ Condition: 'none' })
  })

  it('names the image by what it is, so that no registry is asked', () => {
    expect(task['ContainerSpec']).toMatchObject({ Image: 'sha256:abc' })
  })

  it('takes everything from the dyno that it can take', () => {
    expect(task['ContainerSpec']).toMatchObject({
      User: '20000:20000',
      CapabilityDrop: ['ALL'],
      Command: ['/usr/bin/setpriv', '--no-new-privs', '--', '/stack/start', 'node server.js'],
    })
    expect(task['Resources']).toEqual({ Limits: { MemoryBytes: 2 ** 30, Pids: 256 } })
  })

  it.each([
    { title: 'a shell where the image is not on our stack', command: 'serve', got: { Command: ['/bin/sh', '-c', 'serve'] } },
    { title: 'nothing where the image has its own command', command: null, got: {} },
  ])('runs $title', ({ command, got }) => {
    const spec = serviceSpec(engine, { ...dyno, command }, { ...host, image: { id: 'sha256:abc', onStack: false } })
    const { Command, Args } = (spec.TaskTemplate as { ContainerSpec: { Command?: string[]; Args?: string[] } }).ContainerSpec
    expect({ ...(Command && { Command }), ...(Args && { Args }) }).toEqual(got)
  })
})

/** The one action that is left in a text that was escaped; anything else would be one of the app's. */
const ACTION = '{{"{{"}}'

it('leaves no template of an app in its variables', () => {
  const piece = fc.constantFrom('{', '{{', '}', '}}', '"', '-', ' ', '.Node.Hostname', '/*', 'a')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      const parts = escapeTemplate(text).split(ACTION)
      for (const part of parts) expect(part).not.toContain('{{')
      expect(parts.join('{{')).toBe(text)
    }),
  )
})
