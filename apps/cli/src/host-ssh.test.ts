// hosts:add --ssh from end to end, but for the machine: its ssh is a program
// that answers as infra/host/setup.sh does.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { it as base, newDirectory } from './cli.fixture.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

/** `machine` writes the program that stands for ssh; it finds what it was sent in $script. */
const it = base
  .extend('folder', async () => newDirectory())
  .extend('machine', ({ folder }) => (body: string) => {
    const file = join(folder, 'ssh')
    writeFileSync(file, `#!/bin/bash\nprintf '%s\\n' "$@" >> ${folder}/arguments\nscript=$(cat)\n${body}\n`)
    chmodSync(file, 0o755)
  })
  .extend('add', ({ run, folder }) => () => {
    return run('hosts:add h2 --ssh root@192.0.2.7:2222', { env: { PATH: `${folder}:${process.env['PATH']}` } })
  })

const PREPARED = `case $script in
  phase=\\'prepare\\'*) printf '%s\\n' '@step Making its key' '@done it stays there' @csr AAAA @end ;;
  phase=\\'install\\'*engine=\\'swarm\\'*) printf '%s\\n' '@step Starting the engine' '@done' ;;
esac`

it('prepares the machine, has its key signed, and adds it with the platform’s own certificate', async ({
  platform,
  machine,
  add,
  folder,
  calls,
}) => {
  machine(PREPARED)
  platform.answers = {
    'GET /hosts': [{ name: 'h2', condition: 'failed' }],
    'POST /hosts/actions/sign': { ca: PEM, cert: PEM, engine: 'swarm' },
    'POST /hosts': {},
    'GET /hosts/h2': { condition: 'up', steps: [] },
  }
  const { status, stderr } = await add()
  expect(stderr.split('\n')).toEqual([
    ...['Making its key... done, it stays there', 'Starting the engine... done', 'Adding h2... done'],
    ...['h2 is up: new dynos may be placed on it.', ''],
  ])
  expect(status).toBe(0)
  expect(calls()).toEqual(['GET /hosts', 'POST /hosts/actions/sign', 'POST /hosts', 'GET /hosts/h2'])
  expect(platform.asked[1]!.body).toEqual({ csr: 'AAAA\n', address: '192.0.2.7' })
  expect(platform.asked[2]!.body).toEqual({ name: 'h2', engine_url: 'tcp://192.0.2.7:2376' })
  expect(readFileSync(join(folder, 'arguments'), 'utf8')).toContain('--\n192.0.2.7\nbash -s\n')
})

it('says which step failed on the machine, and what to do', async ({ platform, machine, add, calls }) => {
  machine("printf '%s\\n' '@step Installing Docker' '@fail apt-get update failed there.' '@hint Look at its sources.'; exit 1")
  platform.answers = { 'GET /hosts': [] }
  expect(await add()).toMatchObject({
    status: 1,
    stderr: 'Installing Docker... failed\n !     192.0.2.7: apt-get update failed there.\n !     Look at its sources.\n',
  })
  expect(calls()).toEqual(['GET /hosts'])
})

it('says how to make ssh work when it does not', async ({ platform, machine, add }) => {
  machine('echo "Permission denied (publickey)." >&2; exit 255')
  platform.answers = { 'GET /hosts': [] }
  const { status, stderr } = await add()
  expect(status).toBe(1)
  expect(stderr).toContain('192.0.2.7 cannot be reached by ssh.\n !     Permission denied (publickey).')
  expect(stderr).toContain('ssh -p 2222 root@192.0.2.7 true')
})

it('touches no machine under a name that is taken', async ({ platform, machine, add, calls }) => {
  machine(PREPARED)
  platform.answers = { 'GET /hosts': [{ name: 'h2', condition: 'up' }] }
  expect(await add()).toMatchObject({ status: 1, stderr: expect.stringContaining('There is a host named h2 already') })
  expect(calls()).toEqual(['GET /hosts'])
})
