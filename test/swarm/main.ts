// Runs end-to-end tests on a swarm: one machine of the rig (test/hosts) with
// an engine of its own, which is made the manager of a swarm. The tests run in
// that machine's network, since routers must stand where the swarm's dynos are,
// and in nothing else of it: they bring up machines themselves, on a bridge
// there, and the dynos' share of the processors is not theirs.
//
//   node test/swarm/main.ts run --project e2e push     arguments as for vitest
import path from 'node:path'
import { must, ROOT } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { namespaceOf } from '../hosts/network.ts'
import { startHosts } from '../hosts/rig.ts'

/** What users and admins are promised whatever runs their dynos, and what only a swarm has. */
const TESTS = ['push', 'zero-loss', 'run', 'logs', 'isolation', 'hosts-refused', 'hosts', 'reboot', 'swarm'].map(
  (name) => `test/e2e/${name}.test.ts`,
)
const DEADLINE_MS = 60 * 60_000

const given = process.argv.slice(2)
await using rig = await startHosts({ count: 1 })
const [host] = rig.hosts
await must(host!.docker(['swarm', 'init', '--advertise-addr', host!.address]))
const vitest = [process.execPath, path.join(ROOT, 'node_modules/vitest/vitest.mjs')]
const args = given.length > 0 ? given : ['run', '--project', 'e2e', ...TESTS]
const network = `--net=/run/netns/${namespaceOf(rig.name, host!.name)}`
const { code } = await run('nsenter', [network, ...vitest, '--root', ROOT, ...args], {
  cwd: ROOT,
  env: { ...(process.env as Record<string, string>), DOCKER_HOST: host!.socket, PAAS_ENGINE: 'swarm' },
  deadlineMs: DEADLINE_MS,
  onStdout: (text) => process.stdout.write(text),
  onStderr: (text) => process.stderr.write(text),
})
process.exitCode = code ?? 1
