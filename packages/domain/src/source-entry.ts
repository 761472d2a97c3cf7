// What may be in a pushed tree. Source is only ever unpacked inside a build
// container, but it is checked before: names that mean something else to a
// shell, a terminal or another file system, and links that leave the tree,
// are refused here with their path, so that nothing after has to think of them.

const MAX_PATH_BYTES = 4_000 // PATH_MAX is 4096, and the build unpacks below a folder of its own
const MAX_NAME_BYTES = 255 // ext4, overlayfs
/** The time of every file: not zero, since zip and some build tools refuse dates before 1980. */
const SOURCE_TIME = Date.UTC(2000, 0, 1)

export interface SourceEntry {
  /** Path in the tree; a folder's ends in `/`. */
  name: string
  type: string
  mode: number
  size: number
  linkname: string | undefined
}

export interface NormalEntry {
  name: string
  type: 'file' | 'directory' | 'symlink'
  mode: number
  size: number
  linkname: string
  uid: number
  gid: number
  uname: string
  gname: string
  mtime: Date
}

/** User and group `dyno` of the stack. */
export const SOURCE_OWNER = 20_000

export type JudgedEntry = { ok: true; entry: NormalEntry } | { ok: false; reason: string }

/** The entry as it is written down: one owner, one time, two modes. Or why it is refused, its path included. */
export function judgeEntry({ name, type, mode, size, linkname }: SourceEntry): JudgedEntry {
  const path = name.replace(/\/$/, '')
  const fault = faultOfPath(path)
  if (fault) return { ok: false, reason: `${show(path)} ${fault}` }
  if (type !== 'file' && type !== 'directory' && type !== 'symlink') {
    return { ok: false, reason: `${show(path)} is a ${type}; only files, folders and symbolic links can be deployed` }
  }
  const target = linkname ?? ''
  if (type === 'symlink' && !staysInside(path, target)) {
    return { ok: false, reason: `${show(path)} is a symbolic link to ${show(target)}, which is outside the repository` }
  }
  return {
    ok: true,
    entry: {
      name: type === 'directory' ? `${path}/` : path,
      type,
      mode: type === 'file' && (mode & 0o100) === 0 ? 0o644 : 0o755,
      size: type === 'file' ? size : 0,
      linkname: type === 'symlink' ? target : '',
      uid: SOURCE_OWNER,
      gid: SOURCE_OWNER,
      uname: '',
      gname: '',
      mtime: new Date(SOURCE_TIME),
    },
  }
}

function faultOfPath(path: string): string | undefined {
  if (path === '' || path.startsWith('/')) return 'is an absolute or empty path'
  if (/[\x00-\x1f\x7f]/.test(path)) return 'has a control character in its name'
  if (path.includes('\ufffd')) return 'is not a UTF-8 name'
  if (byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'has an empty, . or .. part'
    if (part.toLowerCase() === '.git') return 'is inside a .git folder'
    if (byteLength(part) > MAX_NAME_BYTES) return `has a name longer than ${MAX_NAME_BYTES} bytes`
  }
  return undefined
}

/**
 * Leading `..` count against the link's own depth, and none may follow a name: that name could itself be a link, and
 * `name/..` would then not be where it seems. With that, no chain of such links leaves the tree.
 */
function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\x00-\x1f\x7f]/.test(target)) return false
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const ups = parts.findIndex((part) => part !== '..')
  const leading = ups === -1 ? parts.length : ups
  return leading <= path.split('/').length - 1 && !parts.slice(leading).includes('..')
}

function byteLength(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

function show(path: string): string {
  const clean = path.replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return clean.length > 120 ? `${clean.slice(0, 117)}...` : clean
}
