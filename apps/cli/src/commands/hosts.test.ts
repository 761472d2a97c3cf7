import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it as plain } from 'vitest'
import { it, newDirectory } from '../cli.fixture.ts'
import type { Host, HostCertificate } from '../objects.ts'
import { refuse } from '../platform.fixture.ts'
import { parseLabel } from './hosts.ts'

const host = (name: string, rest: Partial<Host> = {}): Host => ({
  ...{ name, local: false, state: 'up', condition: 'up', condition_since: '2026-01-02T10:00:00Z', reason: null },
  ...{ labels: {}, zone: null, cordoned: false, draining: false, dynos: 0 },
  ...{
    memory: { wanted: 1536, used: 900, total: 4096 },
    cpus: { wanted: 1.5, used: 0.25, total: 2 },
    disk: { free: 40e9, total: 80e9 },
  },
  ...{ engine_version: '20.10.24', engine_url: `tcp://${name}:2376` },
  ...{ certificates: { client: null, server: null }, authority_expires_at: null },
  ...{ last_seen: new Date().toISOString(), distrust_until: null, steps: [], created_at: '2026-01-02T10:00:00Z' },
  ...{ node_trouble: null, strangers: [] },
  ...rest,
})
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const good = (days: number, rest: Partial<HostCertificate> = {}): HostCertificate => ({
  ...{ expires_at: inDays(days), renewed_by: 'platform', last_renewal: null },
  ...rest,
})
const step = (name: string, state: 'running' | 'done' | 'failed', detail = '') => ({ name, state, detail })

/** A folder as DOCKER_CERT_PATH is one. */
function certificates(...files: string[]): string {
  const folder = newDirectory()
  for (const file of files) writeFileSync(join(folder, file), `text of ${file}`)
  return folder
}
const ALL = ['ca.pem', 'cert.pem', 'key.pem']

describe('hosts', () => {
  it('are listed with what they have and what is promised of it', async ({ platform, run }) => {
    platform.answers = { 'GET /hosts': [host('h2', { dynos: 3, labels: { disk: 'ssd', zone: 'a' } })] }
    expect((await run('hosts')).stdout).toBe(
      [
        'Name  State  Dynos  Memory (wanted/used/total)  CPUs       Disk free  Engine    Labels           Last seen',
        'h2    up     3      1536/900/4096 MB            1.5/0.3/2  40 GB      20.10.24  disk=ssd zone=a  ~ 0s ago',
        '',
      ].join('\n'),
    )
  })

  it.for(['hosts', 'hosts:info h2', 'hosts:doctor'])('%s prints objects with --json', async (line, { platform, run }) => {
    platform.answers = { 'GET /hosts': [host('h2')], 'GET /hosts/h2': host('h2') }
    expect(JSON.parse((await run(`${line} --json`)).stdout)).toBeTruthy()
  })

  it.for([
    { line: 'hosts:cordon h2', body: { cordoned: true } },
    { line: 'hosts:uncordon h2', body: { cordoned: false } },
    { line: 'hosts:label h2 disk=ssd gpu-', body: { labels: { disk: 'ssd', gpu: null } } },
    { line: 'hosts:drain h2 --stop', body: { draining: false } },
    { line: 'hosts:drain h2 --no-wait', body: { draining: true } },
  ])('$line asks for $body', async ({ line, body }, { platform, run }) => {
    platform.answers = { 'PATCH /hosts/h2': host('h2') }
    expect((await run(line)).status).toBe(0)
    expect(platform.asked).toMatchObject([{ call: 'PATCH /hosts/h2', body }])
  })

  it('are rebalanced only when that is asked for', async ({ platform, run }) => {
    platform.answers = { 'POST /hosts/actions/rebalance': [{ app: 'shop', dyno: 'web.1', from: 'h1', to: 'h2' }] }
    const planned = await run('hosts:rebalance --plan')
    expect([planned.stdout, planned.stderr]).toEqual(['shop  web.1  h1 -> h2\n', '1 move, none made.\n'])
    await run('hosts:rebalance')
    expect(platform.asked.map(({ body }) => body)).toEqual([{ plan: true }, { plan: false }])
  })
})

describe('hosts:info', () => {
  it('shows until when certificates are good, who renews them, and how that went', async ({ platform, run }) => {
    const last = { at: '2026-01-02T10:00:00Z', failures: 0, reason: null }
    const certificates = {
      client: good(200, { last_renewal: last }),
      server: good(99, { last_renewal: { ...last, failures: 1, reason: 'it hung' } }),
    }
    platform.answers = { 'GET /hosts/h2': host('h2', { certificates }) }
    const { stdout } = await run('hosts:info h2')
    expect(stdout).toMatch(/^Our certificate: +until .*, renewed by the platform, last at 2026/m)
    expect(stdout).toMatch(/^Its certificate: +until .*, failed at 2026.*: it hung$/m)
  })
})

describe('hosts:credentials', () => {
  it('sends the three files', async ({ platform, run }) => {
    platform.answers = { 'PUT /hosts/h2/credentials': host('h2', { certificates: { client: good(200), server: null } }) }
    const { status, stderr } = await run(`hosts:credentials h2 --cert-path ${certificates(...ALL)}`)
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^Replacing the credentials of h2\.\.\. done, good until \d/)])
    expect(platform.asked).toMatchObject([{ body: { ca: 'text of ca.pem', cert: 'text of cert.pem', key: 'text of key.pem' } }])
  })

  it.for([
    { line: 'hosts:credentials h2', says: '--cert-path is missing' },
    { line: 'hosts:credentials h2 --cert-path /no/such/folder', says: 'ca.pem is missing' },
  ])('$line says what is missing, and asks nobody', async ({ line, says }, { run, calls }) => {
    const { status, stderr } = await run(line)
    expect([status, calls(), stderr]).toEqual([1, [], expect.stringContaining(says)])
  })
})

describe('hosts:add', () => {
  it('sends the three files and shows each step once, as it is done', async ({ platform, run }) => {
    const states = [
      host('h2', { condition: 'joining' }),
      host('h2', { condition: 'joining', steps: [step('Reaching its engine', 'running')] }),
      host('h2', {
        condition: 'joining',
        steps: [step('Reaching its engine', 'done', 'Docker 20.10'), step('Linking', 'running')],
      }),
      host('h2', {
        steps: [step('Reaching its engine', 'done', 'Docker 20.10'), step('Linking', 'done'), step('Fetching', 'done', '40 MB')],
      }),
    ]
    platform.answers = { 'POST /hosts': host('h2'), 'GET /hosts/h2': () => states.shift() }
    const { status, stderr } = await run(`hosts:add h2 --url tcp://h2:2376 --cert-path ${certificates(...ALL)}`)
    expect(stderr.split('\n')).toEqual([
      'Adding h2... done',
      'Reaching its engine... done, Docker 20.10',
      'Linking... done',
      'Fetching... done, 40 MB',
      'h2 is up: new dynos may be placed on it.',
      '',
    ])
    expect(status).toBe(0)
    expect(platform.asked[0]!.body).toEqual({
      ...{ name: 'h2', engine_url: 'tcp://h2:2376' },
      credentials: { ca: 'text of ca.pem', cert: 'text of cert.pem', key: 'text of key.pem' },
    })
  })

  it('exits with 1 and the reason when a step failed', async ({ platform, run }) => {
    const reason = 'h2:2376 does not take connections'
    const failed = host('h2', { condition: 'failed', reason, steps: [step('Reaching its engine', 'failed', reason)] })
    platform.answers = { 'POST /hosts': host('h2'), 'GET /hosts/h2': failed }
    const { status, stderr } = await run(`hosts:add h2 --url tcp://h2:2376 --cert-path ${certificates(...ALL)}`)
    expect(status).toBe(1)
    expect(stderr).toContain('Reaching its engine... failed\n')
    expect(stderr).toContain(` !     h2 could not be added: ${reason}\n`)
  })

  it('goes on following while the platform is being restarted', async ({ platform, run }) => {
    let asked = 0
    platform.answers = {
      'POST /hosts': host('h2'),
      'GET /hosts/h2': (_, response) => (asked++ < 5 ? void refuse(response, 503, 'store_unreachable', 'away') : host('h2')),
    }
    expect((await run(`hosts:add h2 --url tcp://h2:2376 --cert-path ${certificates(...ALL)}`)).status).toBe(0)
  })

  it.for([
    { title: 'a file that is missing', files: ['ca.pem', 'cert.pem'], says: 'key.pem is missing' },
    { title: 'a folder that is missing', files: undefined, says: 'ca.pem is missing' },
  ])('names $title, and asks nobody', async ({ files, says }, { run, calls }) => {
    const folder = files ? certificates(...files) : '/no/such/folder'
    const { status, stderr } = await run(`hosts:add h2 --url tcp://h2:2376 --cert-path ${folder}`)
    expect([status, calls()]).toEqual([1, []])
    expect(stderr).toContain(says)
  })

  it.for([
    { line: 'hosts:add', says: 'NAME is missing' },
    { line: 'hosts:add h2', says: 'Where is it?' },
    { line: 'hosts:add h2 --url tcp://h2:2376', says: '--cert-path is missing' },
    { line: 'hosts:add h2 --ssh root@h2 --url tcp://h2:2376', says: '--ssh makes the engine itself' },
  ])('$line says what is missing', async ({ line, says }, { run, calls }) => {
    const { status, stderr } = await run(line)
    expect([status, calls()]).toEqual([1, []])
    expect(stderr).toContain(says)
  })
})

describe('hosts:drain', () => {
  it('shows how many dynos have moved, until none is left', async ({ platform, run }) => {
    const left = [3, 3, 1, 0]
    platform.answers = {
      'PATCH /hosts/h2': host('h2', { dynos: 3 }),
      'GET /hosts/h2': () => host('h2', { draining: true, dynos: left.shift()! }),
    }
    const { status, stderr } = await run('hosts:drain h2')
    expect(stderr.split('\n').slice(0, 4)).toEqual([
      '0 of 3 dynos moved',
      '2 of 3 dynos moved',
      '3 of 3 dynos moved',
      'h2 is drained. `paas hosts:remove h2` takes it away.',
    ])
    expect(status).toBe(0)
  })

  it('shows the platform’s refusal with every dyno that has nowhere to go', async ({ platform, run }) => {
    platform.answers['PATCH /hosts/h2'] = (_, response) =>
      void refuse(
        response,
        409,
        'conflict',
        '1 of the dynos of h2 have nowhere to go:\nweb.1 of shop: no other host has 512 MB free',
      )
    const { status, stderr } = await run('hosts:drain h2')
    expect(status).toBe(1)
    expect(stderr).toContain(' !     web.1 of shop: no other host has 512 MB free\n')
  })

  it('goes on without whoever stops looking, and says so', async ({ platform, run }) => {
    platform.answers = {
      'PATCH /hosts/h2': host('h2', { dynos: 3 }),
      'GET /hosts/h2': () => {
        process.emit('SIGINT')
        return host('h2', { draining: true, dynos: 2 })
      },
    }
    const { status, stderr } = await run('hosts:drain h2')
    expect([status, stderr]).toEqual([130, expect.stringContaining('h2 goes on draining')])
  })

  it('says so when somebody else ended it', async ({ platform, run }) => {
    platform.answers = { 'PATCH /hosts/h2': host('h2', { dynos: 1 }), 'GET /hosts/h2': host('h2', { dynos: 1 }) }
    expect((await run('hosts:drain h2')).stderr).toContain('h2 is not being drained any more')
  })
})

describe('hosts:remove', () => {
  it('waits until the host is gone', async ({ platform, run, calls }) => {
    const states = [host('h2', { state: 'removing' })]
    platform.answers = { 'DELETE /hosts/h2': {}, 'GET /hosts/h2': () => states.shift() }
    expect((await run('hosts:remove h2')).stderr).toBe('Removing h2... done\n')
    expect(calls()).toEqual(['DELETE /hosts/h2', 'GET /hosts/h2', 'GET /hosts/h2'])
  })

  it('forces only when told to', async ({ platform, run, calls }) => {
    platform.answers = { 'DELETE /hosts/h2?force=true': {} }
    expect((await run('hosts:remove h2 --force')).status).toBe(0)
    expect(calls()[0]).toBe('DELETE /hosts/h2?force=true')
  })
})

describe('hosts:doctor', () => {
  it('finds nothing wrong with a host that is well', async ({ platform, run }) => {
    platform.answers = {
      'GET /hosts': [
        host('local', { local: true, authority_expires_at: inDays(3000) }),
        host('h2', { certificates: { client: good(200), server: good(99, { renewed_by: 'admin' }) } }),
      ],
    }
    expect(await run('hosts:doctor')).toMatchObject({ status: 0, stdout: 'local: nothing wrong\nh2: nothing wrong\n' })
  })

  it('names nodes of a swarm that are no hosts', async ({ platform, run }) => {
    platform.answers = { 'GET /hosts': [host('local', { local: true, strangers: ['w3', 'w4'] })] }
    const { status, stdout } = await run('hosts:doctor')
    expect(status).toBe(0)
    expect(stdout).toContain('w3, w4 are nodes of its swarm and no hosts')
    expect(stdout).toContain('hosts:add')
  })

  it.for([
    {
      title: 'lost',
      rest: { condition: 'lost', reason: 'its engine is silent' },
      says: 'it is lost',
      does: 'hosts:remove h2 --force',
    },
    { title: 'failed', rest: { condition: 'failed', reason: 'clock' }, says: 'it could not join: clock', does: 'hosts:add h2' },
    { title: 'sick', rest: { condition: 'sick' }, says: 'it is sick', does: 'systemctl status docker' },
    { title: 'full', rest: { disk: { free: 1e9, total: 80e9 } }, says: 'its disk has 1 GB free', does: 'docker system df' },
    {
      title: 'known by a certificate of another authority that nears its end',
      rest: { certificates: { client: good(10.5, { renewed_by: 'admin' }), server: null } },
      ...{ says: 'our certificate for its engine expires in 10 days', does: 'paas hosts:credentials h2 --cert-path DIR' },
    },
    {
      title: 'behind the end of its own, of another authority',
      rest: { certificates: { client: null, server: good(-1, { renewed_by: 'admin' }) } },
      ...{ says: 'the certificate of its engine expired at', does: 'restart Docker there' },
    },
    {
      title: 'not renewed',
      rest: {
        certificates: { client: null, server: good(90.5, { last_renewal: { at: inDays(-1), failures: 3, reason: 'it hung' } }) },
      },
      ...{ says: 'could not be renewed, 3 times in a row: it hung', does: 'tried again by itself' },
    },
    {
      title: 'the platform’s own, whose authority nears its end',
      rest: { authority_expires_at: inDays(300) },
      ...{ says: 'own authority ends at', does: '092-certificates.md' },
    },
    {
      title: 'drained in its swarm',
      rest: { node_trouble: 'its node is drained' },
      says: 'its node is drained',
      does: 'docker node',
    },
    { title: 'not heard of', rest: { last_seen: inDays(-1) }, says: 'nobody has noted since', does: './bin/status' },
  ])('says what to do with a host that is $title, and exits with 1', async ({ rest, says, does }, { platform, run }) => {
    platform.answers = { 'GET /hosts': [host('h2', rest)] }
    const { status, stdout } = await run('hosts:doctor h2')
    expect([status, stdout]).toEqual([1, expect.stringContaining(says)])
    expect(stdout).toContain(does)
  })

  it.for([
    { title: 'cordoned', rest: { cordoned: true }, does: 'hosts:uncordon h2' },
    { title: 'draining', rest: { draining: true, dynos: 2 }, does: 'hosts:drain h2 --stop' },
    { title: 'distrusted', rest: { distrust_until: inDays(1) }, does: 'network and power' },
    { title: 'older', rest: { engine_version: '19.3' }, does: 'drain it first' },
  ])('notes one that is $title, which is not wrong', async ({ rest, does }, { platform, run }) => {
    platform.answers = { 'GET /hosts': [host('local', { local: true }), host('h2', rest)] }
    const { status, stdout } = await run('hosts:doctor h2')
    expect([status, stdout]).toEqual([0, expect.stringContaining(does)])
  })

  it('does not know a host that is not there', async ({ platform, run }) => {
    platform.answers = { 'GET /hosts': [] }
    expect(await run('hosts:doctor h2')).toMatchObject({ status: 1, stderr: expect.stringContaining('No host named h2') })
  })
})

plain.each([
  ['disk=ssd', ['disk', 'ssd']],
  ['disk-', ['disk', null]],
  ['eu-west=a-', ['eu-west', 'a-']],
])('%s is a label', (text, label) => {
  expect(parseLabel(text)).toEqual(label)
})

plain.each(['disk', '=ssd', '-'])('%s is no label', (text) => {
  expect(() => parseLabel(text)).toThrow('neither KEY=VALUE nor KEY-')
})
