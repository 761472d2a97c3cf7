// `paas hosts:add --ssh` on a machine that has Debian and sshd and nothing
// else. The platform is played, but for what it signs: its own authority does.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startFakePlatform } from '@paas/cli/platform.fixture'
import { openEngine } from '@paas/engine/client'
import { readServerCertificate, renewServerCertificate } from '@paas/engine/server-certificate'
import { ensureAuthority } from '@paas/platform/authority'
import { hostAuthority } from '@paas/platform/host-certificates'
import { ensureLinkImage } from '@paas/stack/link'
import { run } from '@paas/testing/run'
import { expect, test } from 'vitest'

const NAME = `paas-ssh-${process.pid}`
const MACHINE = path.join(import.meta.dirname, 'ssh-machine')
const PAAS = path.join(import.meta.dirname, '../../bin/paas')
/** Debian from its archive, and then Docker from it: a minute each on a busy machine. */
const DEADLINE_MS = 300_000
/** Enough of the machine's own system to try a connection from inside a container. */
const SELF = 'bin lib lib64 usr/bin usr/lib usr/lib64'

test(
  'a bare machine becomes an engine that takes the platform’s certificate only, and no container',
  async ({ onTestFinished }) => {
    const dir = mkdtempSync(path.join(tmpdir(), 'paas-ssh-'))
    const file = (name: string) => path.join(dir, name)
    onTestFinished(async () => {
      await run(MACHINE, ['down', NAME])
      rmSync(dir, { recursive: true })
    }, DEADLINE_MS)
    await done('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('id')])
    const address = (await done(MACHINE, ['up', NAME, file('id.pub')])).trim()

    // A person's ~/.ssh has this; ours is nobody's.
    const config = ['StrictHostKeyChecking accept-new', `UserKnownHostsFile ${file('known')}`, `IdentityFile ${file('id')}`]
    writeFileSync(file('config'), config.join('\n'))
    writeFileSync(file('ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${file('config')} "$@"\n`, { mode: 0o755 })
    const onMachine = (script: string) => run(file('ssh'), [`root@${address}`, script], { deadlineMs: DEADLINE_MS })

    const settings = { dataDir: dir, domain: 'paas.test' }
    await ensureAuthority(settings)
    const authority = hostAuthority(settings)
    const platform = await startFakePlatform({
      'GET /hosts': [],
      'POST /hosts/actions/sign': async ({ body }) => ({
        ...(await authority.signServer(body as { csr: string; address: string })),
        engine: 'docker',
      }),
      'POST /hosts': {},
      'GET /hosts/h2': { condition: 'up', steps: [] },
    })
    const env = { PATH: `${dir}:${process.env['PATH']}`, HOME: dir, PAAS_URL: platform.url, PAAS_TOKEN: 'token' }
    const add = () => run(PAAS, ['hosts:add', 'h2', '--ssh', `root@${address}`], { env, deadlineMs: DEADLINE_MS })

    const first = await add()
    expect(first.stderr).toContain('Starting the engine... done, it takes the platform’s certificate only\n')
    expect(first.code).toBe(0)
    expect(platform.asked.at(-2)!.body).toEqual({ name: 'h2', engine_url: `tcp://${address}:2376` })

    const client = await authority.issueClient()
    for (const [name, text] of Object.entries(client)) writeFileSync(file(`${name}.pem`), text)
    const docker = (...tls: string[]) =>
      run('docker', ['-H', `tcp://${address}:2376`, ...tls, 'info', '--format', '{{.LiveRestoreEnabled}}'])
    const ours = ['--tlscacert', file('ca.pem'), '--tlscert', file('cert.pem'), '--tlskey', file('key.pem')]
    expect((await docker('--tlsverify', ...ours)).stdout.trim()).toBe('true')
    // Nobody else: no certificate, and one of the same authority that a host serves with.
    const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=h3']
    const csr = await done('openssl', [...request, '-keyout', file('h3.key')])
    writeFileSync(file('h3.pem'), (await authority.signServer({ csr, address: '192.0.2.3' })).cert)
    const stranger = (...own: string[]) => run('curl', ['-sk', '-m', '10', ...own, `https://${address}:2376/_ping`])
    expect((await stranger('--cert', file('cert.pem'), '--key', file('key.pem'))).stdout).toBe('OK')
    expect((await stranger()).stdout).toBe('')
    expect((await stranger('--cert', file('h3.pem'), '--key', file('h3.key'))).stdout).toBe('')

    // From a container, by the machine's address and by its bridge's; then without the rule, to know that it was the rule.
    const tried = await onMachine(`set -e
    tar -C / --one-file-system -c ${SELF} | docker import - self > /dev/null
    try() { docker run --rm self timeout 3 bash -c ": < /dev/tcp/$1/2376" 2> /dev/null && echo "$2 open" || echo "$2 closed"; }
    bridge=$(hostname -I | tr ' ' '\\n' | grep -vx ${address} | head -n 1)
    try ${address} own; try "$bridge" bridge
    iptables -D INPUT -i docker0 -p tcp --dport 2376 -j REJECT
    try ${address} own; try "$bridge" bridge`)
    expect(tried.stdout.trim().split('\n')).toEqual(['own closed', 'bridge closed', 'own open', 'bridge open'])

    // The engine's certificate is renewed through the engine, and what runs there goes on.
    const engineAt = { dockerHost: `tcp://${address}:2376`, tls: client }
    const engine = openEngine({ ...engineAt, namePrefix: 'bare', cgroupParent: '', appSubnet: '10.98.0.0/16' })
    const image = await ensureLinkImage(engine, { workDir: '/tmp/paas-test-cache', onProgress: () => {} })
    const lasting = "docker inspect --format '{{.State.Status}} {{.State.Pid}} {{.State.StartedAt}}' lasting"
    const before = (await onMachine(`docker run --detach --name lasting self sleep 3600 > /dev/null && ${lasting}`)).stdout
    expect(before).toContain('running')
    const { publicKey } = await readServerCertificate(engineAt)
    const sign = async (csr: string) => (await authority.signServer({ csr, address })).cert
    await renewServerCertificate(engine, { ...engineAt, image, sign, onRestart: async () => {} })
    expect((await readServerCertificate(engineAt)).publicKey.equals(publicKey)).toBe(false)
    expect((await onMachine(lasting)).stdout).toBe(before)

    const key = async () => (await onMachine('sha256sum /etc/docker/paas/key.pem; iptables -S INPUT | grep -c docker0')).stdout
    const [made] = (await key()).split('\n')
    expect((await add()).code).toBe(0)
    expect((await key()).trim().split('\n')).toEqual([made, '1'])
    expect(readFileSync(file('known'), 'utf8')).not.toBe('')
  },
  2 * DEADLINE_MS,
)

/** What it printed; throws when it failed. */
async function done(command: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { deadlineMs: DEADLINE_MS })
  expect(code, stderr).toBe(0)
  return stdout
}
