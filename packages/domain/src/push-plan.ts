// What one push asks for: which of its ref updates deploys, which are only
// kept, and which refuse the whole push (a pre-receive hook answers for all of
// them together). Heroku's rule: `main` and `master` deploy, nothing else does.

/** Most refs in one push: what a mirror of a large repository needs, and far from what fills a ref store. */
export const MAX_UPDATES = 2_000
const DEPLOYED = ['refs/heads/main', 'refs/heads/master']
const KEPT = ['refs/heads/', 'refs/tags/', 'refs/notes/']
const SHA = /^[0-9a-f]{40}$/
const NOTHING = '0'.repeat(40)
const MAX_REF_LENGTH = 250 // a ref is a file name, which takes 255 bytes

export interface RefUpdate {
  ref: string
  /** Full sha, or undefined when the ref is new. */
  before: string | undefined
  /** Full sha, or undefined when the ref is deleted. */
  after: string | undefined
}

export type PushPlan =
  | { kind: 'refuse'; lines: string[] }
  /** Nothing is built; `lines` say why and how to deploy. */
  | { kind: 'keep'; lines: string[] }
  | { kind: 'deploy'; ref: string; before: string | undefined; commit: string; lines: string[] }

/** `<old> <new> <ref>`, as git hands it to a hook; undefined when it is anything else. */
export function parseUpdate(line: string): RefUpdate | undefined {
  const [before = '', after = '', ref = '', ...rest] = line.split(' ')
  if (rest.length > 0 || !SHA.test(before) || !SHA.test(after)) return undefined
  return { ref, before: before === NOTHING ? undefined : before, after: after === NOTHING ? undefined : after }
}

/** Decides for the whole push. An update that could not be parsed is undefined, and refuses it. */
export function planPush(updates: readonly (RefUpdate | undefined)[]): PushPlan {
  if (updates.length > MAX_UPDATES)
    return refuse(`This push changes ${updates.length} refs; at most ${MAX_UPDATES} are taken at once.`)
  const known = updates.filter((update) => update !== undefined)
  const strange = known.find(({ ref }) => !isPlainRef(ref))
  if (known.length < updates.length || strange) return refuse(`The ref name ${quote(strange?.ref ?? '')} is not accepted.`)

  const outside = known.find(({ ref }) => !KEPT.some((prefix) => ref.startsWith(prefix)))
  if (outside) return refuse(`Only branches, tags and notes are kept here, not ${outside.ref}.`)

  const main = known.filter(({ ref }) => DEPLOYED.includes(ref))
  const [deployed] = main
  if (main.length > 1)
    return refuse('This push changes main and master at once, so it is not clear which to deploy.', 'Push one of them.')
  if (deployed && deployed.after === undefined) {
    return refuse(`${short(deployed.ref)} cannot be deleted: it is what the app was deployed from.`)
  }
  const lines = known.filter((update) => update !== deployed).flatMap(explainKept)
  if (!deployed?.after) return { kind: 'keep', lines: [...lines, ...howToDeploy(known)] }
  return { kind: 'deploy', ref: deployed.ref, before: deployed.before, commit: deployed.after, lines }
}

/** git-check-ref-format(1), and nothing that a terminal or an option parser could take for more than a name. */
function isPlainRef(ref: string): boolean {
  return (
    ref.length <= MAX_REF_LENGTH &&
    !/[\x00-\x20\x7f~^:?*[\\\ufffd]|\.\.|@\{|\/\/|\.$|\/$/.test(ref) &&
    ref.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.startsWith('-') && !part.endsWith('.lock'))
  )
}

function explainKept({ ref, after }: RefUpdate): string[] {
  if (after === undefined) return [`       ${short(ref)} deleted.`]
  return ref.startsWith('refs/heads/') ? [`       Branch ${short(ref)} is kept, and not deployed.`] : []
}

function howToDeploy(updates: readonly RefUpdate[]): string[] {
  const branch = updates.find(({ ref, after }) => after !== undefined && ref.startsWith('refs/heads/'))
  if (branch)
    return [
      '       Only main and master are deployed. To deploy this branch:',
      `         git push paas ${short(branch.ref)}:main`,
    ]
  const tag = updates.find(({ ref, after }) => after !== undefined && ref.startsWith('refs/tags/'))
  // ^{} because a branch can only point at a commit, and an annotated tag is an object of its own.
  return tag
    ? ['       Tags are kept, and not deployed. To deploy this one:', `         git push paas ${short(tag.ref)}^{}:main`]
    : []
}

function refuse(...reasons: string[]): PushPlan {
  return { kind: 'refuse', lines: reasons.map((reason) => ` !     ${reason}`) }
}

function short(ref: string): string {
  return ref.replace(/^refs\/(heads|tags|notes)\//, '')
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
