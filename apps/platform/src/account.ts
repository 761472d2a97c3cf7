// The system account a server runs under: root gives it away, others keep their own.
import { readFileSync } from 'node:fs'

/** uid and gid to spawn with: those of `name` when we are root and it exists, else none (our own). */
export function accountOf(name: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : {}
}
