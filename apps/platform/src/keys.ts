// Secrets made at first start: the key of config vars, and the admin's password.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'

export interface AdminLogin {
  email: string
  password: string
}

/** Makes the sealing key once. Losing it loses every config var: back it up apart from the database. */
export function ensureConfigKey(settings: Pick<Settings, 'dataDir'>): void {
  const file = paths.configKey(settings)
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' })
}

/** The first admin's login, as printed by `bin/up`; made once and kept readable for root only. */
export function ensureAdminLogin({ dataDir, domain }: Pick<Settings, 'dataDir' | 'domain'>): AdminLogin {
  const file = path.join(dataDir, 'keys', 'admin.json')
  if (!existsSync(file)) {
    const login: AdminLogin = { email: `admin@${domain}`, password: randomBytes(15).toString('base64url') }
    writeFileSync(file, JSON.stringify(login), { mode: 0o600, flag: 'wx' })
  }
  return JSON.parse(readFileSync(file, 'utf8'))
}
