// Opening a public port. Several router processes share it (SO_REUSEPORT): the
// kernel spreads new connections over them, and one that dies takes only its own.
import type { AddressInfo, Server } from 'node:net'
import { PlatformError } from '@paas/domain/errors'

/** Returns the port; 0 asks for a free one. Throws `port_taken` when it belongs to another program, or to root. */
export async function listenPublic(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (err: NodeJS.ErrnoException) => reject(explain(err, host, port))
    server.once('error', onError)
    server.listen({ host, port, reusePort: true, backlog: 4096 }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

function explain(err: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `port ${port} on ${host}`
  if (err.code === 'EADDRINUSE') {
    const hint = `Find it with: ss -ltnp "sport = :${port}". Or let the router use another port.`
    return new PlatformError('port_taken', `Another program listens on ${where}.`, { cause: err, hint })
  }
  if (err.code === 'EACCES') {
    const hint = 'Ports below 1024 need root or CAP_NET_BIND_SERVICE. Or let the router use a higher port.'
    return new PlatformError('port_taken', `This user may not listen on ${where}.`, { cause: err, hint })
  }
  if (err.code === 'EADDRNOTAVAIL') {
    const hint = 'Bind to an address of this machine, or to 0.0.0.0.'
    return new PlatformError('port_taken', `This machine has no address ${host}.`, { cause: err, hint })
  }
  return err
}
