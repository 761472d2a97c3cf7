// FROM in a Dockerfile: names of ours (`paas/stack`, `paas/node:22`) are put in
// for the images they mean on this host, so that a Dockerfile needs no public
// registry. All other lines stay as they are.

const FROM = /^(\s*FROM\s+(?:--\S+\s+)*)(\S+)(.*)$/i

/** Names that FROM asks for, in order; names of earlier stages and `scratch` are left out. */
export function basesOf(dockerfile: string): string[] {
  const stages = new Set(['scratch'])
  const bases: string[] = []
  for (const line of dockerfile.split('\n')) {
    const [, , name, rest = ''] = FROM.exec(line.trimEnd()) ?? []
    if (!name) continue
    if (!stages.has(name.toLowerCase())) bases.push(name)
    const stage = /\sAS\s+(\S+)/i.exec(rest)?.[1]
    if (stage) stages.add(stage.toLowerCase())
  }
  return bases
}

/** The same text with these names replaced. */
export function replaceBases(dockerfile: string, images: ReadonlyMap<string, string>): string {
  return dockerfile
    .split('\n')
    .map((line) =>
      line.replace(FROM, (whole, before: string, name: string, rest: string) =>
        images.has(name) ? `${before}${images.get(name)}${rest}` : whole,
      ),
    )
    .join('\n')
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
