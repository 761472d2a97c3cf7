// What containers may reach of the host: its public ports, and nothing else.
//
// A container on any bridge reaches whatever the host binds to 0.0.0.0, and
// through the host the link-local range, where clouds keep their credentials.
// Our own services bind to loopback or unix sockets; these rules cover the
// rest of the machine. They only take away: what they let pass still meets
// the host's own rules. Best effort: without iptables, or without the right
// to use it, the platform runs and says so.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { bridgePrefix } from './networks.ts'

const DEADLINE_MS = 5_000
const WAIT = ['-w', '3'] // seconds for the lock that other users of iptables hold

/** Sets our two chains anew and hooks them in. Idempotent; throws `engine_refused` with what iptables said. */
export async function ensureFirewall(engine: Pick<Engine, 'prefix'>, publicPorts: readonly number[]): Promise<void> {
  const guard = `${engine.prefix}-guard` // chain names have at most 28 characters
  const link = `${engine.prefix}-link`
  const bridges = `${bridgePrefix(engine)}+`
  const rules = [
    '*filter',
    `:${guard} - [0:0]`,
    `:${link} - [0:0]`,
    // Answers to connections that routers opened to dynos.
    `-A ${guard} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN`,
    ...publicPorts.map((port) => `-A ${guard} -p tcp --dport ${port} -j RETURN`),
    ...(await nameServers()).flatMap((server) =>
      ['udp', 'tcp'].map((protocol) => `-A ${guard} -d ${server} -p ${protocol} --dport 53 -j RETURN`),
    ),
    `-A ${guard} -j DROP`,
    `-A ${link} -d 169.254.0.0/16 -j DROP`,
    'COMMIT',
    '',
  ]
  await run('iptables-restore', [...WAIT, '--noflush'], rules.join('\n'))
  await hook('INPUT', bridges, guard)
  const forward = (await run('iptables', [...WAIT, '-n', '-L', 'DOCKER-USER'], '', [1])) === 0 ? 'DOCKER-USER' : 'FORWARD'
  await hook(forward, bridges, link)
}

/** First in its chain, once. */
async function hook(chain: string, bridges: string, target: string): Promise<void> {
  const rule = ['-i', bridges, '-j', target]
  const missing = await run('iptables', [...WAIT, '-C', chain, ...rule], '', [1])
  if (missing) await run('iptables', [...WAIT, '-I', chain, '1', ...rule])
}

/** The engine's resolver asks these from inside the container's network; one of them may be this host. */
async function nameServers(): Promise<string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1]!).filter((server) => isIPv4(server))
}

/** Resolves with the exit status, 0 or one of `expected`. */
function run(command: string, args: string[], input = '', expected: number[] = []): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: DEADLINE_MS, killSignal: 'SIGKILL' })
    let said = ''
    const refuse = (cause?: Error) =>
      reject(new PlatformError('engine_refused', `${command} failed: ${said.trim().slice(0, 500)}`, { cause }))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.stdin.on('error', () => {}) // it may end without reading
    child.stdin.end(input)
    child.once('error', refuse)
    child.once('close', (code) => (code === 0 || (code !== null && expected.includes(code)) ? resolve(code) : refuse()))
  })
}
