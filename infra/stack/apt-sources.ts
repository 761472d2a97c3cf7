// The machine's own Debian archive, taken from its apt sources.
//
// Only Debian's entries: a third party's repository must not decide what is in
// the stack. An entry is Debian's when its suite is one of the release's own,
// it has `main`, and no foreign key signs it. Format: sources.list(5).

export interface DebianSources {
  /** `bookworm` */
  suite: string
  /** The entries as deb822 text. */
  text: string
}

interface Entry {
  uris: string
  suites: string[]
  components: string[]
  /** Further fields as they stand: Signed-By, Trusted. */
  fields: Record<string, string>
}

/**
 * Debian's entries among the files (one-line or deb822, told apart by content) for this suite; without
 * a suite, for that of the first entry that looks like Debian's. Undefined when there is none.
 */
export function debianSources(files: readonly string[], suite?: string): DebianSources | undefined {
  const entries = files.flatMap((file) => (/^\s*types\s*:/im.test(file) ? parseStanzas(file) : parseLines(file)))
  const own = entries.filter(isDebians)
  const release = suite ?? own[0]?.suites[0]?.replace(/-(updates|security)$/, '').replace(/\/updates$/, '')
  if (!release) return undefined
  const wanted = [release, `${release}-updates`, `${release}-security`]
  const stanzas = own
    .map((entry) => ({ ...entry, suites: entry.suites.filter((name) => wanted.includes(name)) }))
    .filter((entry) => entry.suites.length > 0)
  if (!stanzas.some((entry) => entry.suites.includes(release))) return undefined
  return { suite: release, text: stanzas.map(stanza).join('\n') }
}

function isDebians({ components, fields }: Entry): boolean {
  const key = fields['signed-by']
  return components.includes('main') && (key === undefined || key.includes('debian-archive'))
}

function stanza({ uris, suites, fields }: Entry): string {
  const lines = ['Types: deb', `URIs: ${uris}`, `Suites: ${suites.join(' ')}`, 'Components: main']
  if (fields['signed-by']) lines.push(`Signed-By: ${fields['signed-by']}`)
  if (fields['trusted']) lines.push(`Trusted: ${fields['trusted']}`)
  return `${lines.join('\n')}\n`
}

function parseStanzas(file: string): Entry[] {
  return file
    .replace(/^#.*\n?/gm, '')
    .split(/\n\s*\n/)
    .map((text) => {
      const unfolded = text.replace(/\n[ \t]+/g, ' ')
      const fields = Object.fromEntries(
        unfolded.split('\n').flatMap((line) => {
          const [, name, value] = /^([\w-]+)\s*:\s*(.*)$/.exec(line) ?? []
          return name ? [[name.toLowerCase(), value as string]] : []
        }),
      ) as Record<string, string>
      const enabled = fields['types']?.split(/\s+/).includes('deb') && fields['enabled']?.toLowerCase() !== 'no'
      return enabled ? entry(fields['uris'], fields['suites'], fields['components'], fields) : undefined
    })
    .filter((found) => found !== undefined)
}

function parseLines(file: string): Entry[] {
  return file
    .split('\n')
    .map((line) => {
      const [, options, uri, suite, components] = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line) ?? []
      const fields = Object.fromEntries((options ?? '').split(/\s+/).map((option) => option.split('=') as [string, string]))
      return uri ? entry(uri, suite, components, fields) : undefined
    })
    .filter((found) => found !== undefined)
}

function entry(uris?: string, suites?: string, components?: string, fields: Record<string, string> = {}): Entry | undefined {
  if (!uris || !suites || !components) return undefined
  return { uris, suites: suites.trim().split(/\s+/), components: components.trim().split(/\s+/), fields }
}
