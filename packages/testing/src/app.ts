// A sample app in a git repository of its own, as its developer sees it.
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { machineOf, must, ROOT, type TestPlatform } from './platform.ts'
import type { Ran } from './run.ts'

const PUSH_DEADLINE_MS = 170_000

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

export interface TestApp {
  name: string
  folder: string
  /** `paas …` in the app's folder. */
  paas(args: string[], options?: { input?: string; deadlineMs?: number }): Promise<Ran>
  git(...args: string[]): Promise<Ran>
  /** `git push paas main`, however it ends. */
  push(ref?: string): Promise<Ran>
  write(file: string, content: string): void
  /** Commits everything. */
  commit(message?: string): Promise<void>
  /** One request to `NAME.DOMAIN` through the router. */
  get(path?: string, headers?: Record<string, string>): Promise<Answer>
  destroy(): Promise<void>
}

/** Copies test/apps/`sample` (or starts empty), commits it, and runs `paas create`. */
export async function createApp(platform: TestPlatform, sample: string | undefined, name: string): Promise<TestApp> {
  const app = describeApp(platform, mkdtempSync(path.join(platform.home, `${name}-`)), name)
  if (sample) cpSync(path.join(ROOT, 'test/apps', sample), app.folder, { recursive: true })
  await must(app.git('init', '--quiet', '--initial-branch=main'))
  if (sample) await app.commit('First')
  await must(app.paas(['create', name]))
  return app
}

function describeApp(platform: TestPlatform, folder: string, name: string): TestApp {
  const { env } = platform
  const machine = machineOf(platform)
  const git = (...args: string[]) => machine.run('git', args, { cwd: folder, env, deadlineMs: PUSH_DEADLINE_MS })
  const app: TestApp = {
    name,
    folder,
    git,
    paas: (args, options = {}) => machine.run(path.join(ROOT, 'bin/paas'), args, { cwd: folder, env, ...options }),
    push: (ref = 'main') => git('push', 'paas', ref),
    write: (file, content) => writeFileSync(path.join(folder, file), content),
    async commit(message = 'Change') {
      await must(git('add', '-A'))
      await must(git('commit', '--quiet', '--allow-empty', '-m', message))
    },
    get: (requestPath = '/', headers = {}) => get(platform, `${name}.${platform.domain}`, requestPath, headers),
    async destroy() {
      await must(app.paas(['destroy', '--app', name, '--confirm', name]))
    },
  }
  return app
}

/** GET through the router with any Host. */
export function get(
  platform: TestPlatform,
  host: string,
  requestPath = '/',
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: machineOf(platform).address,
      port: platform.httpPort,
      path: requestPath,
      headers: { host, ...headers },
      agent: false as const,
      timeout: 60_000,
    }
    const outgoing = http.get(options, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
      answer.on('error', reject)
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 60 s')))
    outgoing.on('error', reject)
  })
}
