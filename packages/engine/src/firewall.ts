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
import { type GuardOptions, guardRules, restoreText } from './firewall-rules.ts'
import { bridgePrefix } from './networks.ts'

const DEADLINE_MS = 5_000
const WAIT = ['-w', '3'] // seconds for the lock that other users of iptables hold

/** Sets our two chains anew and hooks them in, on the machine that we run on. Idempotent; throws `engine_refused` with what iptables said. */
export async function ensureFirewall(
  { prefix }: Pick<Engine, 'prefix'>,
  { publicPorts, gateway }: Omit<GuardOptions, 'nameServers'>,
): Promise<void> {
  const nameServers = nameServersOf(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
  const rules = guardRules({ prefix, bridges: `${bridgePrefix({ prefix })}+` }, { publicPorts, nameServers, gateway })
  await run('iptables-restore', [...WAIT, '--noflush'], restoreText([rules]))
  const forward = (await run('iptables', [...WAIT, '-n', '-L', 'DOCKER-USER'], '', [1])) === 0 ? 'DOCKER-USER' : 'FORWARD'
  for (const hook of rules.hooks) {
    const [chain = '', ...match] = hook.split(' ')
    await ensureHook(chain === 'FORWARD' ? forward : chain, match)
  }
}

/** The IPv4 servers of a resolv.conf. */
export function nameServersOf(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1]!).filter((server) => isIPv4(server))
}

/** First in its chain, once. */
async function ensureHook(chain: string, match: string[]): Promise<void> {
  const missing = await run('iptables', [...WAIT, '-C', chain, ...match], '', [1])
  if (missing) await run('iptables', [...WAIT, '-I', chain, '1', ...match])
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
