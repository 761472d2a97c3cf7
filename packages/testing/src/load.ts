// An open-loop load: requests leave at a fixed rate whatever the answers do,
// so that a stall shows as failures and long answers, not as fewer requests.
import http from 'node:http'
import { performance } from 'node:perf_hooks'

export interface LoadReport {
  sent: number
  /** One line each: when, what happened. */
  failures: string[]
  p99Ms: number
  /** Longest time between two successful answers. */
  longestGapMs: number
}

export interface Load {
  /** Stops sending, waits for what is under way. */
  stop(): Promise<LoadReport>
  /** Failures so far. */
  failures(): number
}

/** Sends `perSecond` GETs a second to `host` through the router on loopback. Anything but 200 is a failure. */
export function startLoad(target: { port: number; host: string; path?: string }, perSecond: number): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
  const latencies: number[] = []
  const failures: string[] = []
  const pending = new Set<Promise<void>>()
  const began = performance.now()
  let sent = 0
  let lastSuccess = began
  let longestGapMs = 0

  function send() {
    const left = performance.now()
    const one = request(agent, target)
      .then(() => {
        const now = performance.now()
        latencies.push(now - left)
        longestGapMs = Math.max(longestGapMs, now - lastSuccess)
        lastSuccess = now
      })
      .catch((error: Error) => void failures.push(`at ${((left - began) / 1000).toFixed(2)} s: ${error.message}`))
      .finally(() => pending.delete(one))
    pending.add(one)
    sent += 1
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    while (sent < due) send()
  }, 5)

  return {
    failures: () => failures.length,
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
      agent.destroy()
      const sorted = latencies.toSorted((a, b) => a - b)
      return { sent, failures, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0, longestGapMs }
    },
  }
}

function request(agent: http.Agent, { port, host, path = '/' }: { port: number; host: string; path?: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = http.get({ agent, host: '127.0.0.1', port, path, headers: { host }, timeout: 30_000 }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode} ${body.slice(0, 200)}`)),
      )
      answer.on('error', reject)
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 30 s')))
    // The pool may hand out a connection the router is just closing: a client repeats that by itself (RFC 9110, 9.2.2).
    outgoing.on('error', (error) => {
      if (outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
        request(agent, { port, host, path }).then(resolve, reject)
      else reject(error)
    })
  })
}
