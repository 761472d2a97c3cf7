// The system account a server runs under: root gives it away, others keep their own.
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'

/** As `spawn` takes it; empty: our own. */
export interface Account {
  uid?: number
  gid?: number
}

/** uid and gid to spawn with: those of `name` when we are root and it exists, else none (our own). */
export function accountOf(name: string): Account {
  if (process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : {}
}

/** Made where it is missing, and closed to everybody else. */
export async function ownDirectory(directory: string, { uid, gid }: Account): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid)
}
