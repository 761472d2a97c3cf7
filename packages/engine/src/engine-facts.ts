// What an engine says of itself and of its machine; and why it says nothing.
import { PlatformError } from '@paas/domain/errors'
import type { EngineFacts } from '@paas/domain/host-check'
import type { Engine } from './client.ts'

/** Rejects as the engine's calls do. */
export async function readEngineFacts(engine: Engine): Promise<EngineFacts> {
  const askedMs = Date.now()
  const info = (await engine.call('info', () => engine.docker.info())) as {
    ServerVersion: string
    OSType: string
    Architecture: string
    MemTotal: number
    NCPU: number
    SystemTime: string
    DriverStatus: [name: string, value: string][] | null
  }
  return {
    ...{ version: info.ServerVersion, os: info.OSType, arch: info.Architecture },
    ...{ memoryMiB: Math.floor(info.MemTotal / 2 ** 20), cpus: info.NCPU },
    containerdStore: usesContainerdStore(info.DriverStatus),
    ...{ clockMs: Date.parse(info.SystemTime), askedMs, answeredMs: Date.now() },
  }
}

/** https://docs.docker.com/engine/storage/containerd/#enable-containerd-image-store-on-docker-engine */
export function usesContainerdStore(driverStatus: [name: string, value: string][] | null): boolean {
  return (driverStatus ?? []).some(([name, value]) => name === 'driver-type' && value.startsWith('io.containerd.snapshotter'))
}

/** An engine that could not be reached over TLS, as words for who gave the address and the certificates. Other errors stay as they are. */
export function explainUnreachable(error: unknown, address: string): unknown {
  if (!(error instanceof PlatformError) || (error.code !== 'engine_unreachable' && error.code !== 'engine_timeout')) return error
  const cause = error.cause as (NodeJS.ErrnoException & { reason?: string }) | undefined
  const [message, hint] = reasonOf(cause?.code ?? '', `${cause?.message ?? ''}`, address)
  return new PlatformError('host_unreachable', message, { cause: error, hint })
}

function reasonOf(code: string, text: string, address: string): [message: string, hint: string] {
  if (code === 'ECONNREFUSED')
    return [`Nobody listens at ${address}`, 'Is dockerd running there, with -H tcp://0.0.0.0:2376 --tlsverify?']
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return [`The name of ${address} is not known`, 'Check its spelling, or give the address itself.']
  if (code === 'CERT_HAS_EXPIRED' || /certificate expired|expired certificate/i.test(text)) {
    return [
      `A certificate has expired between this platform and ${address}`,
      'Issue new ones: `openssl x509 -enddate -in cert.pem` tells which.',
    ]
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [`The certificate of the engine at ${address} is for another name`, `Issue it for this address: ${text.slice(0, 200)}`]
  }
  if (/SELF_SIGNED|UNABLE_TO|CERT_/.test(code)) {
    return [`The engine at ${address} shows a certificate of another authority than ca.pem`, 'Give the ca.pem that signed it.']
  }
  if (/alert|bad certificate|unknown ca|certificate required/i.test(text) || code === 'ECONNRESET' || code === 'EPROTO') {
    return [
      `The engine at ${address} does not accept our certificate`,
      'cert.pem must be signed by the authority of its --tlscacert.',
    ]
  }
  return [`Nobody answers at ${address}`, 'Is the address right, the machine on, and TCP 2376 open to this machine?']
}
