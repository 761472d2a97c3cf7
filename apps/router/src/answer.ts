// The router's own answers.
import { type ServerResponse, STATUS_CODES } from 'node:http'
import { errorPage, type PageKind } from '@paas/domain/error-page'

/** Sends the page for what happened; returns how many body bytes. Nothing may have been sent before. */
export function answerPage(res: ServerResponse, kind: PageKind, accept: string | undefined, status?: number): number {
  const page = errorPage(kind, accept, status)
  return answerText(res, page.status, page.contentType, page.body)
}

export function answerText(res: ServerResponse, status: number, contentType: string, body: string): number {
  const bytes = Buffer.byteLength(body)
  // Named, because the response keeps the reason of a head it refused to send.
  res.writeHead(status, STATUS_CODES[status], [
    'Content-Type',
    contentType,
    'Content-Length',
    String(bytes),
    'Cache-Control',
    'no-store',
  ])
  res.end(body)
  return bytes
}

/** The whole answer as text, for connections that have no response object: what came was no request. */
export function rawAnswer(status: 400 | 408, reason: string): string {
  const body = `${reason}\n`
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n` +
    `Connection: close\r\n\r\n${body}`
  )
}
