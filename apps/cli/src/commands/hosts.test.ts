import { describe, expect, it as plain } from 'vitest'
import { it } from '../cli.fixture.ts'
import { refuse } from '../platform.fixture.ts'
import { ALL, certificates, good, host, step } from './hosts.fixture.ts'
import { parseLabel } from './hosts.ts'

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
