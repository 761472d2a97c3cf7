// Whether a web dyno is up: its port takes a connection, and, if the app asks
// for it, its health path answers 2xx.
import { request } from 'node:http'
import { connect } from 'node:net'
import { pauseBeforeLookMs } from '@paas/domain/health'
import { pause } from '@paas/service/wait'

const CONNECT_MS = 1_000
const ANSWER_MS = 5_000
const NO_ANSWER = 'no answer in time'

export interface BootTarget {
  address: string
  port: number
  /** Host header of the health request. */
  hostname: string
  healthPath: string | null
}

export type BootResult = 'up' | 'not-bound' | { unhealthy: string } | 'aborted'

/** Looks again and again until it is up, `deadlineMs` (epoch) has passed, or the signal aborts. */
export async function waitUntilUp(target: BootTarget, deadlineMs: number, signal: AbortSignal): Promise<BootResult> {
  let bound = false
  let answer: string | undefined
  for (let looks = 0; !signal.aborted; looks += 1) {
    bound = bound || (await connects(target, Math.min(CONNECT_MS, deadlineMs - Date.now())))
    if (bound) {
      if (target.healthPath === null) return 'up'
      const latest = await healthAnswer(target, target.healthPath, Math.min(ANSWER_MS, deadlineMs - Date.now()))
      if (/^2\d\d$/.test(latest)) return 'up'
      // The last question may be cut short by the deadline: what was answered before says more.
      if (latest !== NO_ANSWER || answer === undefined) answer = latest
    }
    const left = deadlineMs - Date.now()
    if (left <= 0) return bound ? { unhealthy: answer ?? NO_ANSWER } : 'not-bound'
    await pause(Math.min(pauseBeforeLookMs(looks), left), signal)
  }
  return 'aborted'
}

function connects({ address, port }: BootTarget, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const end = (open: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(open)
    }
    const timer = setTimeout(end, Math.max(1, timeoutMs), false)
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** The status, or what happened instead. Says it came by HTTPS, so that an app that redirects there answers. */
function healthAnswer({ address, port, hostname }: BootTarget, path: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: address,
      port,
      path,
      agent: false,
      headers: { host: hostname, 'user-agent': 'paas health', 'x-forwarded-proto': 'https', connection: 'close' },
    })
    const end = (answer: string) => {
      clearTimeout(timer)
      outgoing.destroy()
      resolve(answer)
    }
    const timer = setTimeout(end, Math.max(1, timeoutMs), NO_ANSWER)
    outgoing.once('response', (response) => end(String(response.statusCode)))
    outgoing.once('error', () => end('connection closed'))
    outgoing.end()
  })
}
