// `bin/up --interactive`: asks for the settings most people change, and writes
// them to `.env`. Nothing else in set-up ever asks a question.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { readConfig } from './config.ts'

const FILE = path.resolve(import.meta.dirname, '../../../.env')
const QUESTIONS = [
  { name: 'PAAS_DOMAIN', text: 'Domain of the platform; apps are NAME.DOMAIN', fallback: 'localhost' },
  { name: 'PAAS_HTTP_PORT', text: 'HTTP port', fallback: '80' },
  { name: 'PAAS_HTTPS_PORT', text: 'HTTPS port', fallback: '443' },
  { name: 'PAAS_RENDEZVOUS_PORT', text: 'Port of `paas run`', fallback: '5000' },
  { name: 'PAAS_DATA_DIR', text: 'Data directory', fallback: '/var/lib/paas' },
]

/** Asks until every answer is good; the answers count for this run too. */
export async function interview(): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    for (const question of QUESTIONS) await ask(terminal, question)
  } finally {
    terminal.close()
  }
}

async function ask(terminal: { question(text: string): Promise<string> }, question: (typeof QUESTIONS)[number]): Promise<void> {
  const now = process.env[question.name] || question.fallback
  for (;;) {
    const answer = (await terminal.question(`${question.text} [${now}]: `)).trim() || now
    try {
      readConfig({ ...process.env, [question.name]: answer })
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`)
      continue
    }
    process.env[question.name] = answer
    if (answer !== question.fallback) remember(question.name, answer)
    return
  }
}

function remember(name: string, value: string): void {
  const lines = existsSync(FILE) ? readFileSync(FILE, 'utf8').split('\n') : []
  const kept = lines.filter((line) => line !== '' && !line.startsWith(`${name}=`))
  writeFileSync(FILE, `${[...kept, `${name}=${value}`].join('\n')}\n`, { mode: 0o600 })
}
