// Which hosts belong to a platform, known from the one URL a person logged in
// with. `DOMAIN` and `api.DOMAIN` answer the API, `DOMAIN` and `git.DOMAIN` git
// (docs/ARCHITECTURE.md), and all of them share scheme and port.

/** Origins (`https://git.example.com`) whose repositories are this platform's; the one of `apiUrl` itself comes first. */
export function gitOrigins(apiUrl: string): string[] {
  const { protocol, hostname, port } = new URL(apiUrl)
  const domain = hostname.replace(/^(api|git)\./, '')
  const hosts = [hostname, domain, `git.${domain}`, `api.${domain}`]
  const named = isAddress(hostname) ? [hostname] : hosts
  return [...new Set(named)].map((host) => `${protocol}//${host}${port ? `:${port}` : ''}`)
}

/** Whether it is this machine by name, whatever DNS or a proxy says (RFC 6761, 6.3). */
export function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Whether traffic to it never leaves this machine. */
export function isLoopback(hostname: string): boolean {
  return isLocalName(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === '[::1]' || hostname === '::1'
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
}
