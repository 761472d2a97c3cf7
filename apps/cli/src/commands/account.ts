// login, logout, whoami.
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { openApi, path } from '../api.ts'
import { command, jsonFlag } from '../command.ts'
import { openSender } from '../connect.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { DEFAULT_URL, parseUrl, readSession, removeSession, type Session, writeSession } from '../session.ts'

interface Authorization {
  id: string
  access_token: { token: string } | null
  user?: { email: string } | null
}

const login = command({
  args: '[URL]',
  flags: {
    url: { value: 'URL', summary: 'the platform' },
    email: { short: 'e', value: 'EMAIL', summary: 'who you are' },
    'password-stdin': { summary: 'read the password from stdin' },
    token: { short: 't', value: 'TOKEN', summary: 'use this API token; - reads it from stdin, where no other user sees it' },
    'ca-file': { value: 'FILE', summary: "PEM file of the platform's own CA" },
  },
  details: 'Also tells git to use this login, so that pushes never ask for a password.',
  examples: [
    'paas login',
    'paas login https://paas.example.com --ca-file ca.pem',
    'paas login --url http://localhost --token - < token',
    'paas login --email ada@example.com --password-stdin < password',
  ],
  async run(context, { args, flags }) {
    const { ask } = await import('../prompt.ts')
    const before = knownUrl(context)
    const typed =
      flags.url ?? args[0] ?? context.env['PAAS_URL'] ?? (context.stdin.isTTY ? await askUrl(context, before) : before)
    const url = parseUrl(typed)
    const kept = flags['ca-file'] ?? context.env['PAAS_CA_FILE'] ?? (url === before ? context.session.caFile : undefined)
    const caFile = kept === undefined ? undefined : resolve(context.cwd, kept)
    const place: Session = { url, ...(caFile ? { caFile } : {}) }
    const send = openSender(caFile, context.env)

    let token = flags.token
    if (token !== undefined) {
      if (token === '-') token = await readFromStdin(context)
    } else {
      const email = flags.email ?? (await ask(context, 'Email: ', 'Use --token, or --email with --password-stdin.'))
      const password = flags['password-stdin'] ? await readFromStdin(context) : await askPassword(context)
      const basic = Buffer.from(`${email}:${password}`).toString('base64')
      const authorization = await openApi(place, send)
        .call<Authorization>('POST', '/oauth/authorizations', {
          authorization: `Basic ${basic}`,
          body: { description: `paas CLI on ${hostname()}`, scope: ['global'] },
        })
        .catch((err) => {
          throw err instanceof Failure && err.status === 401
            ? new Failure(err.message, { cause: err, status: 401, id: err.id, hint: `Check e-mail and password for ${url}.` })
            : err
        })
      token = authorization.access_token?.token
    }
    if (!token) throw new Failure('The platform gave no token.')
    const { email } = await openApi({ ...place, token }, send).get<{ email: string }>('/account')
    const session: Session = { url, email, token, ...(caFile ? { caFile } : {}) }
    writeSession(context.env, session)
    const { trustPlatform } = await import('../git-trust.ts')
    const problem = trustPlatform(session, context.env)
    context.note(`Logged in to ${url} as ${email}.`)
    if (problem) context.note(`Warning: git was not set up, and will ask for a password: ${problem}`)
    if (context.env['PAAS_TOKEN']) context.note('Warning: PAAS_TOKEN is set, and goes before this login.')
  },
})

const logout = command({
  args: '',
  flags: {},
  examples: ['paas logout'],
  async run(context) {
    const session = readSession({ ...context.env, PAAS_TOKEN: undefined, PAAS_URL: undefined, PAAS_CA_FILE: undefined })
    if (!session.token) return context.note('Nobody was logged in.')
    const api = openApi(session, openSender(session.caFile, context.env))
    try {
      // Of all authorizations, only the one that asks is shown with its token.
      const all = await api.get<Authorization[]>('/oauth/authorizations')
      const own = all.find(({ access_token }) => access_token?.token === session.token)
      if (own) await api.call('DELETE', path`/oauth/authorizations/${own.id}`)
    } catch (err) {
      if (!(err instanceof Failure)) throw err
      if (err.status !== 401) context.note(`Warning: the token could not be ended, and stays valid: ${err.message}`)
    }
    const { distrustPlatform } = await import('../git-trust.ts')
    distrustPlatform(session, context.env)
    removeSession(context.env)
    context.note(`Logged out of ${session.url}.`)
  },
})

const whoami = command({
  args: '',
  flags: jsonFlag,
  examples: ['paas whoami', 'paas whoami --json'],
  async run(context, { flags }) {
    const account = await context.api.get<{ email: string }>('/account')
    if (flags.json) return context.json(account)
    context.out(account.email)
    context.note(`on ${context.session.url}`)
  },
})

const token = command({
  args: '',
  flags: {},
  examples: ['HEROKU_API_KEY=$(paas auth:token) heroku apps'],
  async run(context) {
    const { token: own } = context.session
    if (!own) throw new Failure('You are not logged in.', { hint: 'Run `paas login`.' })
    context.out(own)
  },
})

export const commands = { login, logout, whoami, 'auth:token': token }

/** A damaged session must not keep anybody from logging in again. */
function knownUrl(context: Context): string {
  try {
    return context.session.url
  } catch {
    return DEFAULT_URL
  }
}

async function askUrl(context: Context, before: string): Promise<string> {
  const { ask } = await import('../prompt.ts')
  return (await ask(context, `Platform (${before}): `, 'Use --url.')) || before
}

async function askPassword(context: Context): Promise<string> {
  const { askHidden } = await import('../prompt.ts')
  return await askHidden(context, 'Password: ', 'Use --password-stdin.')
}

async function readFromStdin(context: Context): Promise<string> {
  const { readSecret } = await import('../prompt.ts')
  return await readSecret(context)
}
