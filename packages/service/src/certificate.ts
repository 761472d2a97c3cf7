// The certificate of a TLS port, read again when its files change: a renewal
// must not need a restart, and a machine may get its first one while we run.
import { readFile } from 'node:fs/promises'

export interface Certificate {
  cert: Buffer
  key: Buffer
}

/** Calls `use` with the pair that is there now and with every later one that differs; returns how to stop. A pair that `use` refuses is reported, and the last good one stays. */
export async function watchCertificate(
  files: { cert: string; key: string },
  use: (pair: Certificate) => Promise<void>,
  log: { warn(fields: object, event: string): void },
  everyMs: number,
): Promise<() => void> {
  let last: Certificate | undefined
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  async function look(): Promise<void> {
    const pair = await readPair(files)
    if (stopped || !pair || (last && pair.cert.equals(last.cert) && pair.key.equals(last.key))) return
    last = pair
    await use(pair)
  }
  async function again(): Promise<void> {
    await look().catch((err) => log.warn({ err, file: files.cert }, 'certificate.refused'))
    if (!stopped) timer = setTimeout(again, everyMs).unref()
  }
  await look()
  timer = setTimeout(again, everyMs).unref()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

async function readPair(files: { cert: string; key: string }): Promise<Certificate | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)])
    return { cert, key }
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw err
  }
}
