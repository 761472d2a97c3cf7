// The same done by hand: docker build, docker run, poll, docker stop, with the
// CLI a person would use.
import { existsSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'

/** Debian's own CLI has BuildKit without a plugin; newer CLIs want buildx. */
const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const POLL_MS = 5
const DEADLINE_MS = 300_000

const NO_ANSWER = undefined

export type Builder = 'classic' | 'buildkit'

/** Writes the best ordinary Dockerfile: dependencies before source, so that a change of source reuses them. */
export function writeDockerfile(folder: string, base: string): void {
  const lines = [
    `FROM ${base}`,
    'WORKDIR /app',
    'COPY package*.json ./',
    'RUN npm ci --omit=dev',
    'COPY . .',
    'CMD ["node", "server.js"]',
  ]
  writeFileSync(path.join(folder, 'Dockerfile'), `${lines.join('\n')}\n`)
  writeFileSync(path.join(folder, '.dockerignore'), 'node_modules\n.git\n')
}

export async function build(builder: Builder, folder: string, tag: string, flags: string[] = []): Promise<void> {
  const env = { ...(process.env as Record<string, string>), DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0' }
  await must(run(DOCKER, ['build', '--quiet', ...flags, '--tag', tag, folder], { env, deadlineMs: DEADLINE_MS }))
}

/** Starts a container with its port published; resolves when the engine says it runs. */
export async function start(
  name: string,
  image: string,
  port: number,
  flags: readonly string[],
  command: readonly string[] = [],
): Promise<void> {
  const args = [
    'run',
    '--detach',
    '--name',
    name,
    '--env',
    'PORT=8080',
    '--publish',
    `127.0.0.1:${port}:8080`,
    ...flags,
    image,
    ...command,
  ]
  await must(run(DOCKER, args, { deadlineMs: DEADLINE_MS }))
}

export const stop = (name: string) => must(run(DOCKER, ['stop', name], { deadlineMs: DEADLINE_MS }))

export async function remove(...names: string[]): Promise<void> {
  await run(DOCKER, ['rm', '--force', ...names], { deadlineMs: DEADLINE_MS })
}

export const removeImage = (tag: string) => run(DOCKER, ['rmi', '--force', tag], { deadlineMs: DEADLINE_MS })

/** Resolves when `GET /` answers 200 with `text` in its body. */
export async function answers(port: number, text: string, host = 'localhost'): Promise<void> {
  const end = Date.now() + DEADLINE_MS
  for (let answer = await body(port, host); answer === NO_ANSWER || !answer.includes(text); answer = await body(port, host)) {
    if (Date.now() > end) throw new Error(`${host}:${port} did not answer "${text}" within ${DEADLINE_MS / 1000} s`)
    await pause(POLL_MS)
  }
}

function body(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = http.get({ host: '127.0.0.1', port, headers: { host }, agent: false, timeout: 2_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve(answer.statusCode === 200 ? text : NO_ANSWER))
      answer.on('error', () => resolve(NO_ANSWER))
    })
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(NO_ANSWER))
  })
}

/** The newest tag of a repository, without build variants. */
export async function newestImage(repository: string): Promise<string> {
  const { stdout } = await must(run(DOCKER, ['images', '--format', '{{.Repository}}:{{.Tag}}', repository]))
  const image = stdout.split('\n').find((tag) => tag !== '' && !tag.endsWith('-build'))
  if (!image) throw new Error(`the engine has no image ${repository}`)
  return image
}
