// The CLI's version, read from its package so that there is one place to change it.
import { readFileSync } from 'node:fs'

export const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
  .version
export const USER_AGENT = `paas-cli/${VERSION} ${process.platform}-${process.arch} node-${process.version}`
