// A connection that changes its protocol: WebSockets, or any other that client
// and dyno agree on. From the 101 on the router passes bytes and knows nothing
// of them but when they last moved.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { upgradeHeaders } from '@paas/domain/forward-headers'
import type { Exchange } from './exchange.ts'

/** Passes the dyno's 101 on and joins both connections; false when nobody asked for it or it is no proper 101. */
export function switchProtocols(exchange: Exchange, response: IncomingMessage, dynoSocket: Socket, early: Buffer): boolean {
  const { head, req, res, deps } = exchange
  const headers = head.upgrade === undefined || response.statusCode !== 101 ? undefined : upgradeHeaders(response)
  if (!headers) return false
  const client = req.socket
  res.detachSocket(client)
  exchange.upgraded()
  client.write(head101(headers), 'latin1')
  if (early.length > 0) client.write(early)
  if (exchange.earlyBytes?.length) dynoSocket.write(exchange.earlyBytes)
  exchange.bytes += early.length
  exchange.arm(deps.timeouts.idleMs, () => exchange.fail('H15'))
  dynoSocket.on('data', (chunk: Buffer) => {
    exchange.bytes += chunk.length
    exchange.progress()
    if (!client.write(chunk)) dynoSocket.pause()
  })
  client.on('data', (chunk: Buffer) => {
    exchange.progress()
    if (!dynoSocket.write(chunk)) client.pause()
  })
  client.on('drain', () => dynoSocket.resume())
  dynoSocket.on('drain', () => client.resume())
  client.on('end', () => dynoSocket.end())
  dynoSocket.on('end', () => client.end())
  client.on('error', () => client.destroy())
  dynoSocket.on('error', () => dynoSocket.destroy())
  client.on('close', () => dynoSocket.destroy())
  dynoSocket.on('close', () => {
    client.destroySoon()
    exchange.done(101)
  })
  client.resume()
  return true
}

function head101(headers: readonly string[]): string {
  let text = 'HTTP/1.1 101 Switching Protocols\r\n'
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}
