// The HTTP API (Heroku's Platform API v3) as commands use it: JSON in and out,
// lists read to their end, refusals as Failures with the API's own words.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Send } from './connect.ts'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'
import { USER_AGENT } from './version.ts'

/** The API's own limit for an answer to begin; a router in front of it gives up after 30 s. */
const SILENCE_MS = 60_000
/** Pauses before a read is tried again when the API is being restarted. Writes are never repeated: they may have happened. */
const RETRY_AFTER_MS = [200, 600, 1500]

export interface CallOptions {
  /** `version ..; max=15, order=desc`: one page is wanted, later ones are not fetched. */
  range?: string
  body?: unknown
  /** Overrides the session's token: the login call sends e-mail and password. */
  authorization?: string
}

export interface Api {
  readonly session: Session
  get<T>(path: string, options?: Omit<CallOptions, 'body'>): Promise<T>
  call<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options?: CallOptions): Promise<T>
}

export function openApi(session: Session, send: Send): Api {
  const once = (method: string, path: string, options: CallOptions) => request(session, send, method, path, options)
  return {
    session,
    call: async <T>(method: string, path: string, options: CallOptions = {}) => (await once(method, path, options)).value as T,
    get: async <T>(path: string, options: CallOptions = {}) => {
      const first = await retried(() => once('GET', path, options))
      if (!Array.isArray(first.value) || options.range !== undefined) return first.value as T
      const items = [...(first.value as unknown[])]
      for (let next = first.nextRange; next; ) {
        const range = next
        const page = await retried(() => once('GET', path, { ...options, range }))
        if (!Array.isArray(page.value) || page.nextRange === next) break
        items.push(...(page.value as unknown[]))
        next = page.nextRange
      }
      return items as T
    },
  }
}

/** `/apps/shop/dynos` from its parts, each part quoted. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return String.raw({ raw: parts }, ...values.map((value) => encodeURIComponent(value)))
}

async function request(session: Session, send: Send, method: string, path: string, options: CallOptions) {
  const authorization = options.authorization ?? (session.token ? `Bearer ${session.token}` : undefined)
  if (!authorization) throw new Failure('You are not logged in.', { status: 401, hint: 'Run `paas login`, or set PAAS_TOKEN.' })
  const body = options.body === undefined ? undefined : JSON.stringify(options.body)
  const url = new URL(path, `${session.url}/`)
  const response = await send(url, {
    method,
    silenceMs: SILENCE_MS,
    ...(body === undefined ? {} : { body }),
    headers: {
      accept: 'application/vnd.heroku+json; version=3',
      authorization,
      'user-agent': USER_AGENT,
      'request-id': randomUUID(),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
      ...(options.range === undefined ? {} : { range: options.range }),
    },
  })
  const value = await readJson(response, url)
  const status = response.statusCode ?? 0
  if (status >= 400) throw refusal(status, value, session)
  return { value, nextRange: header(response, 'next-range') }
}

async function readJson(response: IncomingMessage, url: URL): Promise<unknown> {
  const status = response.statusCode ?? 0
  const body = await text(response).catch((err: Error) => {
    throw new Failure(`${url.host} broke off its answer.`, {
      cause: err,
      id: 'ECONNRESET',
      hint: 'The change may have been made: look before you repeat it.',
    })
  })
  if (body === '') return undefined
  if (/^application\/([^;]+\+)?json\b/.test(response.headers['content-type'] ?? '')) {
    try {
      return JSON.parse(body)
    } catch {}
  }
  if (status >= 500) throw unavailable(status, url)
  throw new Failure(`${url.origin} did not answer as a platform does (HTTP ${status}).`, {
    status,
    hint: 'Is this the address of the platform? Change it with `paas login --url URL` or PAAS_URL.',
  })
}

function refusal(status: number, value: unknown, session: Session): Failure {
  const { id, message, hint } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const words = typeof message === 'string' && message !== '' ? message : `The platform answered HTTP ${status}.`
  return new Failure(words, {
    status,
    ...(typeof id === 'string' ? { id } : {}),
    hint: status === 401 ? loginHint(session) : typeof hint === 'string' ? hint : undefined,
  })
}

function loginHint({ url }: Session): string {
  return `Run \`paas login\` to log in to ${url}${process.env['PAAS_TOKEN'] ? ', or check PAAS_TOKEN' : ''}.`
}

function unavailable(status: number, url: URL): Failure {
  return new Failure(`The API of ${url.host} is not available (HTTP ${status}).`, {
    status,
    hint: 'Apps go on serving meanwhile. Try again in a few seconds.',
  })
}

async function retried<T>(read: () => Promise<T>): Promise<T> {
  for (const pauseMs of RETRY_AFTER_MS) {
    try {
      return await read()
    } catch (err) {
      if (!isPassing(err)) throw err
      await new Promise((wake) => setTimeout(wake, pauseMs))
    }
  }
  return await read()
}

/** Whether the same read may well succeed in a moment: the API is being restarted. */
export function isPassing(err: unknown): boolean {
  return err instanceof Failure && (err.status === 502 || err.status === 503 || err.status === 504 || err.id === 'ECONNRESET')
}

function header(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}
