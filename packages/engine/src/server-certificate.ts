// The certificate that an engine shows, renewed on its own machine, and
// through it: without a login there and without an agent.
//
// A container of ours enters the machine's mounts and makes the key there; we
// sign it; a second one puts both in place, restarts the engine, outliving it,
// and waits for us to say by a signal, through the engine with its new
// certificate, that it is good. So whatever goes wrong on either side or in
// between, the machine goes back by itself to what worked.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { PlatformError } from '@paas/domain/errors'
import { pause, withDeadline } from '@paas/service/wait'
import { type Engine, type EngineTls, statusOf } from './client.ts'
import { LABEL, labelFilter, labelsOf } from './labels.ts'

const SCRIPT = readFileSync(new URL('server-certificate.sh', import.meta.url), 'utf8')
/** The link's image has it, and on a host that link's container is there; the shell and openssl are the machine's own. */
const INSIDE = ['/usr/bin/busybox', 'nsenter', '-t', '1', '-m', '/bin/bash', '-c', SCRIPT, 'server-certificate']
const REQUEST_MS = 30_000
const HANDSHAKE_MS = 5_000
/** An engine with a hundred containers is back in a few seconds. */
const SECONDS_TO_CONFIRM = 45
const LOOK_MS = 200
const CSR = /-----BEGIN CERTIFICATE REQUEST-----[^-]+-----END CERTIFICATE REQUEST-----\n?/

/** From the beginning of a renewal to its end, both ways: the engine stopping, coming back, nobody confirming, and the same again. */
export const RENEWAL_DEADLINE_MS = 150_000

export interface EngineAddress {
  /** `tcp://192.0.2.7:2376` */
  dockerHost: string
  tls: EngineTls
}

export interface ServerRenewal extends EngineAddress {
  /** The link's (infra/stack/link.ts), which this engine has. */
  image: string
  /** A certificate (PEM) for the key of this request (PEM). */
  sign(csr: string): Promise<string>
  /** Called before the engine goes away. */
  onRestart(): Promise<void>
  /** Nobody waits for its end any more, nor confirms it. */
  signal?: AbortSignal
  secondsToConfirm?: number
}

/** What the engine at this address shows, verified. Rejects with the connection's own error. */
export async function readServerCertificate({ dockerHost, tls }: EngineAddress): Promise<X509Certificate> {
  const { hostname, port } = new URL(dockerHost)
  return withDeadline(`A handshake with ${hostname}`, HANDSHAKE_MS, 'engine_timeout', (signal) => {
    return new Promise((resolve, reject) => {
      const host = hostname.replace(/^\[|\]$/g, '')
      const socket = connect({ host, port: Number(port), ...tls }, () => {
        const certificate = socket.getPeerX509Certificate()
        socket.destroy()
        if (certificate) resolve(certificate)
        else reject(new PlatformError('engine_unreachable', `${hostname} shows no certificate`))
      })
      socket.once('error', reject)
      signal.addEventListener('abort', () => socket.destroy(), { once: true })
    })
  })
}

/**
 * Resolves when the engine answers with the new certificate and the one before is not needed any more. Throws `host_refused` where the
 * engine is not as `hosts:add --ssh` leaves it or would stop its containers, and `engine_refused` when it went back to the one before.
 */
export async function renewServerCertificate(engine: Engine, renewal: ServerRenewal): Promise<void> {
  await checkLiveRestore(engine)
  await clearAway(engine)
  const { code, output } = await makeRequest(engine, renewal.image)
  const csr = CSR.exec(output)?.[0]
  if (code !== 0 || !csr) {
    throw new PlatformError('host_refused', `A new key could not be made there: ${output.trim().slice(-300)}`, {
      hint: 'Machines that `hosts:add --ssh` prepares are as they have to be.',
    })
  }
  const cert = await renewal.sign(csr)
  await renewal.onRestart()
  await install(engine, renewal, cert)
}

/** Without it the restart ends what runs there. Swarm mode does not allow it: there it takes a host that is drained. */
async function checkLiveRestore(engine: Engine): Promise<void> {
  const { LiveRestoreEnabled, Swarm } = (await engine.call('info', () => engine.docker.info())) as EngineModes
  if (LiveRestoreEnabled) return
  if (Swarm?.LocalNodeState === 'active') {
    const running = await engine.call('list dynos', () =>
      engine.docker.listContainers({ filters: { label: [...labelFilter(engine), LABEL.dyno] } }),
    )
    if (running.length === 0) return
    throw new PlatformError('host_refused', 'Its engine, a node of a swarm, would end its dynos when it is restarted', {
      hint: 'Drain it (`paas hosts:drain`): the renewal follows at its next try, within a day.',
    })
  }
  throw new PlatformError('host_refused', 'Its engine would stop its containers when it is restarted', {
    hint: 'Put "live-restore": true into /etc/docker/daemon.json there, and `systemctl reload docker`.',
  })
}

interface EngineModes {
  LiveRestoreEnabled?: boolean
  Swarm?: { LocalNodeState?: string }
}

async function makeRequest(engine: Engine, image: string): Promise<Ended> {
  const id = await start(engine, { image, verb: 'request', env: [] })
  const until = performance.now() + REQUEST_MS
  for (;;) {
    const ended = await findEnd(engine, id)
    if (ended) {
      await remove(engine, id)
      return ended
    }
    if (performance.now() > until) {
      await remove(engine, id)
      throw new PlatformError('engine_timeout', `A new key was not made there within ${REQUEST_MS / 1000} s`)
    }
    await pause(LOOK_MS)
  }
}

/** The engine goes away meanwhile: what fails is asked again, until the container has ended. */
async function install(engine: Engine, renewal: ServerRenewal, cert: string): Promise<void> {
  const { image, signal, secondsToConfirm = SECONDS_TO_CONFIRM } = renewal
  const env = [`CERT=${cert.trim()}`, `SECONDS_TO_CONFIRM=${secondsToConfirm}`]
  const { fingerprint256: wanted } = new X509Certificate(cert)
  const id = await start(engine, { image, verb: 'install', env })
  const until = performance.now() + RENEWAL_DEADLINE_MS
  let confirmed = false
  let hindrance: unknown
  for (; performance.now() < until; await pause(LOOK_MS, signal)) {
    signal?.throwIfAborted()
    let ended: Ended | undefined
    let isServed = false
    try {
      ended = await findEnd(engine, id)
      isServed = (await readServerCertificate(renewal)).fingerprint256 === wanted
      if (isServed && !ended && !confirmed) {
        await confirm(engine, id)
        confirmed = true
      }
    } catch (error) {
      if (!isAway(error)) hindrance = error
      continue
    }
    if (!ended) continue
    await remove(engine, id)
    // Whatever the script says: a machine that lost its power meanwhile came back with the new one.
    if (isServed) return
    throw wentBack(ended, hindrance)
  }
  throw new PlatformError('engine_unreachable', 'Its engine has not come back from its restart', { cause: hindrance })
}

/** What the script still says is lost when it ends before the engine is there again. */
function wentBack({ output }: Ended, hindrance: unknown): PlatformError {
  const why = output.trim().slice(-300) || 'with the new one we could not use its engine'
  const cause = (hindrance as Error | undefined)?.cause ?? hindrance
  const more = cause instanceof Error ? ` (${cause.message.slice(0, 300)})` : ''
  return new PlatformError('engine_refused', `Its certificate is the one before: ${why}${more}`, { cause: hindrance })
}

/** It is being restarted, which hinders nobody for long. */
function isAway(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
  return code === 'ECONNREFUSED' || code === 'ECONNRESET'
}

interface Ended {
  code: number
  output: string
}

const nameOf = ({ prefix }: Pick<Engine, 'prefix'>) => `${prefix}.certificate`

async function start(engine: Engine, { image, verb, env }: { image: string; verb: string; env: string[] }): Promise<string> {
  const name = nameOf(engine)
  const container = await engine.call(`create ${name}`, (abortSignal) =>
    engine.docker.createContainer({
      ...{ name, Image: image, Entrypoint: INSIDE, Cmd: [verb], Env: env, User: '0:0' },
      Labels: { ...labelsOf(engine, {}), [LABEL.kind]: 'certificate' },
      HostConfig: {
        CapAdd: ['SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE'], // to enter the machine's mounts, as its root
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined', 'label=disable'],
        ...{ PidMode: 'host', NetworkMode: 'host', IpcMode: 'host', UTSMode: 'host', UsernsMode: 'host', CgroupnsMode: 'host' },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
      },
      abortSignal,
    }),
  )
  await engine.call(`start ${name}`, (abortSignal) => container.start({ abortSignal }))
  return container.id
}

/** Undefined while it runs. */
async function findEnd(engine: Engine, id: string): Promise<Ended | undefined> {
  const container = engine.docker.getContainer(id)
  const { State } = await engine.call('inspect', (abortSignal) => container.inspect({ abortSignal }))
  if (State.Running) return undefined
  const output = await engine.call('logs', (abortSignal) => container.logs({ stdout: true, stderr: true, abortSignal }))
  return { code: State.ExitCode, output: textOf(output) }
}

async function confirm(engine: Engine, id: string): Promise<void> {
  await engine.call('confirm', (abortSignal) => engine.docker.getContainer(id).kill({ signal: 'SIGUSR1', abortSignal }))
}

/** What an earlier renewal has left; one that is still at work is not disturbed. Throws `conflict`. */
async function clearAway(engine: Engine): Promise<void> {
  try {
    const { State, Id } = await engine.call(
      `inspect ${nameOf(engine)}`,
      (abortSignal) => engine.docker.getContainer(nameOf(engine)).inspect({ abortSignal }),
      { expected: [404] },
    )
    if (State.Running) throw new PlatformError('conflict', 'A renewal is under way there already')
    await remove(engine, Id)
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}

/** What a renewal has left whose platform ended meanwhile. None is fine. */
export async function removeRenewal(engine: Engine): Promise<void> {
  await remove(engine, nameOf(engine))
}

/** What stays, the next renewal clears away. */
async function remove(engine: Engine, id: string): Promise<void> {
  const removing = engine.call(`remove ${nameOf(engine)}`, (abortSignal) =>
    engine.docker.getContainer(id).remove({ force: true, abortSignal }),
  )
  await removing.catch(() => {})
}

/** Frames of a container without a terminal: stream, three zeros, length, text (https://docs.docker.com/reference/api/engine/, attach). */
function textOf(frames: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4)
    parts.push(frames.subarray(at + 8, end))
    at = end
  }
  return Buffer.concat(parts).toString()
}
