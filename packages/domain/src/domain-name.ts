// Custom domains: which host names an app may be given.

const MAX_HOSTNAME = 253
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

export type DomainName = { kind: 'hostname'; hostname: string } | { kind: 'refused'; message: string }

/** Lower case, punycode (RFC 5891, as browsers do it), no trailing dot. `platformDomain` and names under it are never given away. */
export function parseDomainName(input: string, platformDomain: string): DomainName {
  const text = input.trim().replace(/\.$/, '')
  if (text.startsWith('*.')) return refused('Wildcard domains are not supported: add each name by itself')
  if (text === '' || text.length > MAX_HOSTNAME || /[\s/@:?#%\\[\]*\0]/.test(text))
    return refused(`${shown(input)} is not a host name`)
  const hostname = toAscii(text)
  const labels = hostname?.split('.') ?? []
  if (!hostname || hostname.length > MAX_HOSTNAME || labels.length < 2 || !labels.every((label) => LABEL.test(label))) {
    return refused(`${shown(input)} is not a full host name, such as www.example.com`)
  }
  if (/^\d+$/.test(labels.at(-1) ?? '')) return refused('An address is not a domain')
  if (hostname === platformDomain || hostname.endsWith(`.${platformDomain}`)) {
    return refused(`${hostname} belongs to the platform`)
  }
  return { kind: 'hostname', hostname }
}

/** The WHATWG URL parser is the punycode implementation that browsers agree on. */
function toAscii(text: string): string | undefined {
  return URL.canParse(`http://${text}`) ? new URL(`http://${text}`).hostname : undefined
}

function refused(message: string): DomainName {
  return { kind: 'refused', message }
}

function shown(input: string): string {
  return JSON.stringify(input.slice(0, 80))
}
