// App names: a name is a DNS label under the platform's domain, a folder in a
// git address and part of a container's name, so the rule is narrow.

/** Heroku's rule (devcenter.heroku.com/articles/platform-api-reference#app): 3 to 30 characters. */
const SHAPE = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/

/** Names under the platform's domain that are the platform's own, now or one day. */
const RESERVED = new Set(
  'api git registry dashboard www app apps admin auth login account docs status help support mail smtp imap ns1 ns2 ftp ssh router logs metrics rendezvous localhost heroku paas'.split(
    ' ',
  ),
)

const ADJECTIVES = 'calm bold quiet bright gentle swift warm lively mellow steady sunny vivid brave clear fresh kind'.split(' ')
const NOUNS = 'river meadow harbor island forest canyon valley garden lagoon summit prairie brook cove dune fjord grove'.split(
  ' ',
)

/** Why this cannot be an app's name; undefined when it can. */
export function refuseAppName(name: string): string | undefined {
  if (!SHAPE.test(name)) {
    return 'Name must start with a letter, end with a letter or digit, and have 3 to 30 lowercase letters, digits and dashes'
  }
  if (RESERVED.has(name)) return `Name ${name} is reserved`
  return undefined
}

/** `calm-river-12345`. `pick` gives a number from 0 up to, not including, its argument. */
export function proposeAppName(pick: (below: number) => number): string {
  return `${ADJECTIVES[pick(ADJECTIVES.length)]}-${NOUNS[pick(NOUNS.length)]}-${10_000 + pick(90_000)}`
}
