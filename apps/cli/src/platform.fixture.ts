// An API that answers what a test says and remembers what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Asked {
  /** `PATCH /apps/shop/config-vars` */
  call: string
  body: unknown
  headers: IncomingMessage['headers']
}

/** A value is answered as JSON with 200; a function answers itself, or returns the value. */
export type Answer = object | ((asked: Asked, response: ServerResponse) => unknown)

export interface FakePlatform {
  url: string
  asked: Asked[]
  answers: Record<string, Answer>
  stop(): Promise<void>
}

/** A platform that ends with the running test. */
export async function startFakePlatform(answers: Record<string, Answer> = {}): Promise<FakePlatform> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const one: Asked = {
      call: `${request.method} ${request.url}`,
      body: body ? JSON.parse(body) : undefined,
      headers: request.headers,
    }
    asked.push(one)
    const answer = platform.answers[one.call]
    const value = typeof answer === 'function' ? await answer(one, response) : answer
    if (response.headersSent || response.destroyed) return
    if (value === undefined) return refuse(response, 404, 'not_found', `Nothing answers ${one.call}.`)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const platform: FakePlatform = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    async stop() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  onTestFinished(() => platform.stop())
  return platform
}

export function refuse(response: ServerResponse, status: number, id: string, message: string, hint?: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ id, message, hint }))
}
