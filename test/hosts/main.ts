// Three hosts on this machine, for trying things by hand: `node test/hosts/main.ts` says how.
import { parseArgs } from 'node:util'
import type { TestHost } from './host.ts'
import { findRig, type Rig, startHosts } from './rig.ts'

const USAGE = `node test/hosts/main.ts [--name RIG] VERB

up [--count 3] [--dockerd h3=/path/dockerd]...   status   down   seed IMAGE
env h2                     prints DOCKER_HOST and the like for a shell
partition h2 [in|out|both] [--port 2376]        heal h2
kill h2                    kill -9 of engine and containers; its address refuses
power-off h2               the same in silence                                start h2
hang h2                    SIGSTOP of dockerd                                 resume h2
restart-engine h2 [KILL|TERM]
slow h2 MS, cut h2 MS, refuse h2                 a faulty engine              steady h2
run h2 -- COMMAND...       inside the machine`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: 'hosts' },
    count: { type: 'string', default: '3' },
    dockerd: { type: 'string', multiple: true, default: [] },
    port: { type: 'string' },
  },
})
const [verb = '', target = '', ...rest] = positionals
const port = values.port ? { port: Number(values.port) } : {}

const ofRig: Record<string, (rig: Rig) => Promise<unknown>> = {
  status: printStatus,
  seed: (rig) => rig.seedImage(target),
  down: (rig) => rig.down(),
}
const ofHost: Record<string, (host: TestHost) => Promise<unknown>> = {
  env: async ({ url, certPath }) => console.log(`export DOCKER_HOST=${url} DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=${certPath}`),
  partition: (host) => host.partition({ ...port, direction: oneOf(['both', 'in', 'out'], rest[0]) }),
  heal: (host) => host.heal(),
  kill: (host) => host.kill(),
  'power-off': (host) => host.powerOff(),
  start: (host) => host.start(),
  hang: (host) => host.hang(),
  resume: (host) => host.resume(),
  'restart-engine': (host) => host.restartEngine(oneOf(['KILL', 'TERM'], rest[0])),
  slow: (host) => host.fault({ kind: 'slow', ms: milliseconds(rest[0]) }),
  cut: (host) => host.fault({ kind: 'cut', ms: milliseconds(rest[0]) }),
  refuse: (host) => host.fault({ kind: 'refuse' }),
  steady: (host) => host.steady(),
  async run(host) {
    const { code, stdout, stderr } = await host.inside(rest)
    process.stdout.write(stdout)
    process.stderr.write(stderr)
    process.exitCode = code ?? 1
  },
}

try {
  if (verb === 'up') await printStatus(await up())
  else if (ofRig[verb]) await withRig(ofRig[verb])
  else if (ofHost[verb]) await withRig((rig) => ofHost[verb]!(rig.host(target)))
  else {
    console.error(USAGE)
    process.exitCode = 2
  }
} catch (error) {
  console.error(` !     ${(error as Error).message}`)
  process.exitCode = 1
}

/** The first when none is given. */
function oneOf<T extends string>(words: readonly [T, ...T[]], given: string | undefined): T {
  const word = given === undefined ? words[0] : words.find((one) => one === given)
  if (word === undefined) throw new Error(`${given} is none of ${words.join(', ')}`)
  return word
}

function milliseconds(given: string | undefined): number {
  if (!/^\d+$/.test(given ?? '')) throw new Error(`${verb} wants milliseconds, not ${given ?? 'nothing'}`)
  return Number(given)
}

function up(): Promise<Rig> {
  const dockerd = Object.fromEntries(values.dockerd.map((pair) => pair.split('=', 2) as [string, string]))
  return startHosts({ name: values.name, count: Number(values.count), dockerd, keep: true })
}

async function withRig(act: (rig: Rig) => Promise<unknown>): Promise<void> {
  const rig = await findRig(values.name)
  if (rig) await act(rig)
  else {
    console.error(`${values.name} is not up`)
    process.exitCode = verb === 'down' ? 0 : 1
  }
}

async function printStatus(rig: Rig): Promise<void> {
  for (const host of rig.hosts) console.log([host.name, host.url, await host.condition(), host.certPath].join('  '))
}
