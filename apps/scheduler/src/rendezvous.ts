// The port where clients of attached one-off dynos, and of commands in running
// ones, come to: TLS, one line with the secret that the api gave out, then a session. `<secret> paas/1` asks for
// frames (our CLI); the secret alone for Heroku's raw bytes.
import { createHash } from 'node:crypto'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { paths } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { ATTACH_MS } from '@paas/domain/plan-one-off'
import { watchCertificate } from '@paas/service/certificate'
import { findAttachable } from '@paas/store/dynos'
import { claimExec } from '@paas/store/execs'
import type { Scheduler } from './deps.ts'
import { serveExec } from './exec-session.ts'
import { serveSession } from './session.ts'

const LINE_MAX = 512
const LINE_MS = 10_000
const CONNECTIONS_MAX = 1_000
const CERTIFICATE_MS = 2_000

export interface Rendezvous {
  port: number
  close(): Promise<void>
}

export async function openRendezvous(scheduler: Scheduler): Promise<Rendezvous> {
  const { settings, log } = scheduler
  const server: Server = createServer({ minVersion: 'TLSv1.2', handshakeTimeout: LINE_MS }, (socket) => {
    socket.on('error', () => {}) // 'close' follows
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    welcome(scheduler, socket).catch((err: unknown) => {
      log.warn({ err }, 'session.failed')
      socket.destroy()
    })
  })
  server.maxConnections = CONNECTIONS_MAX
  server.on('tlsClientError', () => {})
  const stopWatching = await watchCertificate(
    { cert: paths.certificate(settings), key: paths.certificateKey(settings) },
    async (pair) => server.setSecureContext({ ...pair, minVersion: 'TLSv1.2' }),
    log,
    CERTIFICATE_MS,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PlatformError('port_taken', `Nobody can listen on the rendezvous port ${settings.rendezvousPort}`, { cause })),
    )
    server.listen(settings.rendezvousPort, settings.bindAddress, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  server.on('error', (err) => log.error({ err }, 'rendezvous.failed'))
  return {
    port: (server.address() as { port: number }).port,
    close: () => {
      stopWatching()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** An unknown secret gets no word: the connection just ends. */
async function welcome(scheduler: Scheduler, socket: TLSSocket): Promise<void> {
  const line = await readLine(socket)
  const [secret = '', dialect] = (line ?? '').split(' ')
  const hash = createHash('sha256').update(secret).digest()
  const { store, jobs } = scheduler
  const client = { socket, framed: dialect === 'paas/1' }
  const dyno = secret ? await findAttachable(store, hash) : undefined
  const exec = secret && !dyno ? await claimExec(store, hash, ATTACH_MS) : undefined
  if (exec) await jobs.run(exec.appId, exec.id, 'session', (signal) => serveExec(scheduler, exec, client, signal))
  if (dyno && !jobs.kindOf(dyno.id)) {
    await jobs.run(dyno.appId, dyno.id, 'session', (signal) => serveSession(scheduler, dyno, client, signal))
  }
  socket.end()
}

/** The first line without its end; what followed it is read again. Undefined: none came. */
function readLine(socket: TLSSocket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0)
    const end = (line: string | undefined) => {
      clearTimeout(timer)
      socket.off('data', listen).off('close', gone)
      socket.pause()
      resolve(line)
    }
    const gone = () => end(undefined)
    const timer = setTimeout(gone, LINE_MS)
    const listen = (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      const at = heard.indexOf(0x0a)
      if (at < 0 && heard.length > LINE_MAX) return gone()
      if (at < 0) return
      const rest = heard.subarray(at + 1)
      end(heard.toString('utf8', 0, at).replace(/\r$/, ''))
      if (rest.length > 0) socket.unshift(rest)
    }
    socket.on('data', listen).on('close', gone)
  })
}
