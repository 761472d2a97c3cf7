// buildah's command line in a sandbox: an app's own store over the read-only
// store of bases. Its user namespace is the sandbox's; asked for a second one
// (--userns-uid-map) buildah 1.28 writes layers of shifted owners on kernels
// that map mounts, and the step after next fails.
import type { Sandbox, SandboxCommand } from './build-sandbox.ts'

const STORE = ['--runroot', '/mnt/build/run', '--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs']
/** Tells buildah that it is in its user namespace already. */
const ENV = { _CONTAINERS_USERNS_CONFIGURED: 'done', BUILDAH_ISOLATION: 'rootless' }

/** Runs `buildah <argv>` on the app's store; resolves with its exit code. */
export function buildahIn(sandbox: Sandbox): (command: SandboxCommand) => Promise<number> {
  const root = ['--root', '/mnt/app', '--storage-opt', 'overlay.imagestore=/mnt/bases']
  return (command) => sandbox.run({ ...command, env: ENV, argv: ['buildah', ...root, ...STORE, ...command.argv] })
}

/** Runs `buildah <argv>` on the store of bases, which it may write to. */
export function buildahOnBases(sandbox: Sandbox): (command: SandboxCommand) => Promise<number> {
  return (command) =>
    sandbox.run({ ...command, env: ENV, writesBases: true, argv: ['buildah', '--root', '/mnt/bases', ...STORE, ...command.argv] })
}
