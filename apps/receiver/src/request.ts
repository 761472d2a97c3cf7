// What a git client asks for over HTTP, and with which token.

export type GitService = 'git-receive-pack' | 'git-upload-pack'

export interface GitRequest {
  /** Name or id, as written, in lower case. */
  app: string
  service: GitService
  /** `refs`: what is there (the first request of a push or fetch); `pack`: the exchange itself. */
  step: 'refs' | 'pack'
}

const APP = /^[a-z0-9][a-z0-9-]{0,62}$/
const SERVICES: readonly string[] = ['git-receive-pack', 'git-upload-pack'] satisfies GitService[]

/** `/<app>.git/info/refs?service=…` or `/<app>.git/git-receive-pack`, with or without `.git`; undefined for anything else. */
export function parseGitRequest(method: string, target: string): GitRequest | undefined {
  const [path = '', query = ''] = target.split('?', 2)
  const [empty, folder = '', ...rest] = path.split('/')
  const app = folder.replace(/\.git$/, '').toLowerCase()
  if (empty !== '' || !APP.test(app)) return undefined
  if (method === 'GET' && rest.join('/') === 'info/refs') {
    const service = new URLSearchParams(query).get('service')
    return isService(service) ? { app, service, step: 'refs' } : undefined
  }
  const [service] = rest
  return method === 'POST' && rest.length === 1 && isService(service) ? { app, service, step: 'pack' } : undefined
}

function isService(name: string | null | undefined): name is GitService {
  return SERVICES.includes(name ?? '')
}

/** The password of Basic credentials (any user name); undefined when there is none. */
export function passwordOf(authorization: string | undefined): string | undefined {
  const encoded = /^basic +([a-z0-9+/=_-]{1,2048})$/i.exec(authorization ?? '')?.[1]
  if (!encoded) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return colon === -1 ? undefined : decoded.slice(colon + 1) || undefined
}

/** A `Git-Protocol` header that git may see: `version=2`, and whatever key=value list follows it. */
export function protocolOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[a-z0-9=:.,-]{1,128}$/i.test(header) ? header : undefined
}
