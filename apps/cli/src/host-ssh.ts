// A bare machine becomes an engine that only the platform can speak to, over
// ssh and in two visits: first Docker is installed and a key is made, which
// never leaves the machine; then it gets the certificate that the platform has
// signed for that key. What is done there is infra/host/setup.sh.
import { readFileSync } from 'node:fs'
import { path } from './api.ts'
import type { Context } from './context.ts'
import { Failure } from './failure.ts'
import type { Host } from './objects.ts'
import { parseTarget, runRemote, type SetupEvent, type Target } from './ssh.ts'

const SCRIPT = new URL('../../../infra/host/setup.sh', import.meta.url)
const ENGINE_PORT = 2376
const PEM = /^(-----BEGIN [A-Z ]+-----\n[A-Za-z0-9+/=\n]+-----END [A-Z ]+-----\n?)+$/

interface Signed {
  ca: string
  cert: string
  /** What runs the platform's dynos: `docker` or `swarm`. */
  engine: string
}

/** Answers the address of its engine. Everything done is shown, step by step; it may be repeated after any failure. */
export async function prepareMachine(context: Context, name: string, text: string): Promise<string> {
  const target = parseTarget(text)
  const hosts = await context.api.get<Host[]>('/hosts')
  if (hosts.some((host) => host.name === name && host.condition !== 'failed')) {
    throw new Failure(`There is a host named ${name} already.`, { hint: '`paas hosts` lists them.' })
  }
  const csr = await visit(context, target, { phase: 'prepare' })
  if (csr === undefined) throw new Failure(`${target.address} sent no signing request.`)
  const body = { csr, address: target.address }
  const { ca, cert, engine } = await context.api.call<Signed>('POST', path`/hosts/actions/sign`, { body })
  await visit(context, target, { phase: 'install', ca, cert, engine })
  return `tcp://${target.address}:${ENGINE_PORT}`
}

/** One visit; answers the signing request where the visit made one. */
async function visit(context: Context, target: Target, settings: Record<string, string>): Promise<string | undefined> {
  let csr: string | undefined
  let open = false
  let fault: { message: string; hint: string | undefined } | undefined
  const show = (event: SetupEvent) => {
    if (event.kind === 'step') context.stderr.write(`${event.text}... `)
    else if (event.kind === 'done') context.stderr.write(`done${event.text ? `, ${event.text}` : ''}\n`)
    else if (event.kind === 'csr') csr = event.text
    else fault = { message: event.text, hint: event.hint }
    if (event.kind === 'step') open = true
    else if (event.kind === 'done') open = false
  }
  try {
    await runRemote(target, setupScript(settings), context.env, show)
  } catch (err) {
    if (open) context.stderr.write(`${context.noteStyle.red('failed')}\n`)
    if (fault) throw new Failure(`${target.address}: ${fault.message}`, { cause: err, hint: fault.hint })
    throw err
  }
  return csr
}

/** The script with its settings in front, as it goes to a shell's stdin. Only what cannot end a quotation is let in. */
export function setupScript(settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    if (!/^[a-z]+$/.test(value) && !PEM.test(value)) throw new Failure(`The platform sent a ${name} that is not PEM.`)
    return `${name}='${value}'\n`
  })
  return lines.join('') + readFileSync(SCRIPT, 'utf8')
}
