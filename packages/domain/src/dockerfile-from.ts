// Images that a Dockerfile names, in FROM and in `COPY --from`: names of ours
// (`paas/stack`, `paas/node:22`) are put in for the images they mean on this
// host, so that a Dockerfile needs no public registry, and no name is left
// unread, so that none reaches an image of another app. All other lines stay
// as they are.

const FROM = /^(\s*FROM\s+(?:--\S+\s+)*)(\S+)(.*)$/i
const COPY_FROM = /(--from=)(["']?)([^\s"']+)\2/gi
const ARG = /^\s*ARG\s+(.+)$/i
const VARIABLE = /\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g

/** Names of images, in order and once each: neither stages nor `scratch`, defaults of ARG put in. One that still has a `$` cannot be known. */
export function basesOf(dockerfile: string): string[] {
  const args = argsOf(dockerfile)
  const bases: string[] = []
  const earlier = new Set(['scratch'])
  for (const line of dockerfile.split('\n')) {
    const [, , name, rest = ''] = FROM.exec(line.trimEnd()) ?? []
    if (name) {
      const image = expand(name, args)
      if (!earlier.has(image.toLowerCase())) bases.push(image)
      const stage = stageOf(rest)
      if (stage) earlier.add(stage)
    }
    for (const [, , , copied = ''] of line.matchAll(COPY_FROM)) {
      const image = expand(copied, args)
      // A stage further down is none yet: the engine would look for an image of that name.
      if (!/^\d+$/.test(image) && !earlier.has(image.toLowerCase())) bases.push(image)
    }
  }
  return [...new Set(bases)]
}

/** The same text with these names replaced. */
export function replaceBases(dockerfile: string, images: ReadonlyMap<string, string>): string {
  const args = argsOf(dockerfile)
  const imageOf = (name: string) => images.get(expand(name, args))
  return dockerfile
    .split('\n')
    .map((line) =>
      line
        .replace(FROM, (whole, before: string, name: string, rest: string) => {
          const image = imageOf(name)
          return image ? `${before}${image}${rest}` : whole
        })
        .replace(COPY_FROM, (whole, flag: string, _quote, name: string) => {
          const image = imageOf(name)
          return image ? `${flag}${image}` : whole
        }),
    )
    .join('\n')
}

/** Defaults of the ARGs before the first FROM: the only ones it sees. */
function argsOf(dockerfile: string): Map<string, string> {
  const args = new Map<string, string>()
  for (const line of dockerfile.split('\n')) {
    if (FROM.test(line.trimEnd())) break
    const [, declared = ''] = ARG.exec(line.trimEnd()) ?? []
    for (const [, name = '', quoted, plain] of declared.matchAll(/([A-Za-z_]\w*)=(?:"([^"]*)"|(\S*))/g)) {
      args.set(name, expand(quoted ?? plain ?? '', args))
    }
  }
  return args
}

function stageOf(rest: string): string | undefined {
  return /\sAS\s+(\S+)/i.exec(rest)?.[1]?.toLowerCase()
}

function expand(text: string, args: ReadonlyMap<string, string>): string {
  return text.replace(VARIABLE, (whole, braced?: string, fallback?: string, bare?: string) => {
    return args.get(braced ?? bare ?? '') ?? fallback ?? whole
  })
}

export type LocalBase =
  | { kind: 'stack' }
  | { kind: 'stack-build' }
  | { kind: 'node'; range: string | undefined }
  | { kind: 'other' }

/** What one of our names means. */
export function localBase(name: string): LocalBase {
  if (/^paas\/stack(:latest)?$/.test(name)) return { kind: 'stack' }
  if (/^paas\/stack-build(:latest)?$/.test(name)) return { kind: 'stack-build' }
  const [, version] = /^paas\/node(?::([\w.-]+))?$/.exec(name) ?? []
  if (/^paas\/node(:|$)/.test(name)) return { kind: 'node', range: version === 'latest' ? undefined : version }
  return { kind: 'other' }
}
