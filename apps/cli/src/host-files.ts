// The three files that `docker --tlsverify` reads from DOCKER_CERT_PATH.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Failure } from './failure.ts'

const FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const

/** Throws naming every file that is missing or cannot be read. */
export function readCredentials(cwd: string, folder: string): Record<keyof typeof FILES, string> {
  const at = resolve(cwd, folder)
  const faults: string[] = []
  const read = (file: string) => {
    try {
      return readFileSync(join(at, file), 'utf8')
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException
      faults.push(`${join(at, file)} ${code === 'ENOENT' || code === 'ENOTDIR' ? 'is missing' : `cannot be read (${code})`}`)
      return ''
    }
  }
  const credentials = { ca: read(FILES.ca), cert: read(FILES.cert), key: read(FILES.key) }
  if (faults.length === 0) return credentials
  throw new Failure(faults.join('\n'), {
    hint: 'The folder holds ca.pem, cert.pem and key.pem, as DOCKER_CERT_PATH does for docker.',
  })
}
