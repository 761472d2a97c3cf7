// Bare repositories, one per app, named by the app's id: a renamed app keeps
// its history, and no name a person chose ever becomes a path.
import { randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { invariant, PlatformError } from '@paas/domain/errors'
import { endOf, spawnGit } from './git.ts'

const INIT_DEADLINE_MS = 10_000
const APP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Source is what was pushed: a repository cannot ask `git archive` to leave files out or to fill in placeholders. */
const ATTRIBUTES = '* -export-ignore -export-subst\n'

export function repositoryPath(root: string, appId: string): string {
  invariant(APP_ID.test(appId), 'an app id is a uuid')
  return path.join(root, `${appId}.git`)
}

/** The app's repository, made when it is not there. Made aside and renamed, so that a half-made one is never used; safe to call at once from many. */
export async function ensureRepository(root: string, appId: string): Promise<string> {
  const repository = repositoryPath(root, appId)
  if (await exists(repository)) return repository
  await mkdir(root, { recursive: true, mode: 0o700 })
  const draft = path.join(root, `.draft-${randomUUID()}`)
  try {
    const child = spawnGit(['init', '--bare', '--quiet', '--template=', '--initial-branch=main', '--', draft], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.timeout(INIT_DEADLINE_MS),
    })
    const { code, stderr } = await endOf(child)
    if (code !== 0) throw new PlatformError('push_refused', `The app's repository could not be made: ${stderr.trim()}`)
    await mkdir(path.join(draft, 'info'), { recursive: true })
    await writeFile(path.join(draft, 'info/attributes'), ATTRIBUTES)
    await rename(draft, repository).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(repository))) throw error // somebody else was quicker, and theirs is as good
    })
    return repository
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
