// For tests: an API that answers what a test says and remembers what it was
// asked, and the CLI run against it in this process.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { dispatch } from './dispatch.ts'

export interface Asked {
  /** `PATCH /apps/shop/config-vars` */
  call: string
  body: unknown
  headers: IncomingMessage['headers']
}

/** A value is answered as JSON with 200; a function answers itself, or returns the value. */
export type Answer = unknown | ((asked: Asked, response: ServerResponse) => unknown)

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

export interface Ran {
  status: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  platform?: FakePlatform
  env?: Record<string, string>
  cwd?: string
  stdin?: string | Buffer
}

/** Runs one command line with a home of its own, where nothing is a terminal. */
export async function paas(argv: readonly string[], { platform, env = {}, cwd, stdin = '' }: RunOptions = {}): Promise<Ran> {
  const home = newDirectory()
  const stdout = collector()
  const stderr = collector()
  const status = await dispatch(argv, {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      ...(platform ? { PAAS_URL: platform.url, PAAS_TOKEN: 'secret-token' } : {}),
      ...env,
    },
    cwd: cwd ?? home,
    stdin: Readable.from(stdin.length > 0 ? [Buffer.from(stdin)] : []),
    stdout: stdout.stream,
    stderr: stderr.stream,
  })
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}

/** A directory for the running test. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'paas-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function collector() {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk))
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}
