// Stands in an engine's way: a process inside the host that new connections to
// its port are turned to (network address translation), until `engineIsSteady`.
// Connections that are open stay as they are.
//
//   slow MS    every piece of data takes MS longer, in both directions
//   cut MS     every connection breaks off after MS
//   refuse     every request is answered 500
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { ENGINE_PORT, type EngineOfHost, serverCertificates } from './engine.ts'
import { detachInside, inside, readInside } from './machine.ts'

const PORT = 2377
const PID_FILE = '/run/faulty-engine.pid'
const TURN = ['PREROUTING', '-p', 'tcp', '--dport', String(ENGINE_PORT), '-j', 'REDIRECT', '--to-ports', String(PORT)]

export type EngineFault = { kind: 'slow'; ms: number } | { kind: 'cut'; ms: number } | { kind: 'refuse' }

/** Puts the fault in the way of connections made from now on; replaces one that is there. */
export async function engineIsFaulty(engine: EngineOfHost, fault: EngineFault): Promise<void> {
  await engineIsSteady(engine)
  const { machine, address } = engine
  const args = [fault.kind, String('ms' in fault ? fault.ms : 0), address, serverCertificates(engine)]
  detachInside(machine, [process.execPath, import.meta.filename, ...args], path.join(machine.folder, 'faulty-engine.log'))
  await until('the faulty engine', () => readInside(machine, PID_FILE))
  await must(inside(machine, ['iptables', '-w', '-t', 'nat', '-I', ...TURN]))
}

/** Nothing stands in its way any more; connections that something stood in break. */
export async function engineIsSteady({ machine }: EngineOfHost): Promise<void> {
  await inside(machine, ['iptables', '-w', '-t', 'nat', '-D', ...TURN])
  const pid = readInside(machine, PID_FILE)
  if (!pid) return
  await inside(machine, ['kill', '-KILL', pid])
  await inside(machine, ['rm', '-f', PID_FILE])
}

if (import.meta.main) {
  const [kind, ms, address, certificates] = process.argv.slice(2) as [EngineFault['kind'], string, string, string]
  const servers: { [K in EngineFault['kind']]: () => Server } = {
    slow: () => createServer((client) => relay(client, address, Number(ms))),
    cut: () => createServer((client) => breakAfter(Number(ms), client, relay(client, address, 0))),
    refuse: () => refuseAll(certificates),
  }
  servers[kind]().listen(PORT, () => writeFileSync(PID_FILE, String(process.pid)))
}

function relay(client: Socket, address: string, delayMs: number): Socket {
  const server = connect(ENGINE_PORT, address)
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.setNoDelay(true)
    from.on('data', (piece) => setTimeout(() => to.write(piece), delayMs)) // equal timers fire in order
    from.on('end', () => setTimeout(() => to.end(), delayMs))
    from.on('error', () => to.destroy())
    from.on('close', () => setTimeout(() => to.destroy(), delayMs))
  }
  return server
}

function breakAfter(ms: number, ...ends: Socket[]): void {
  setTimeout(() => {
    for (const end of ends) end.destroy()
  }, ms)
}

function refuseAll(certificates: string): Server {
  const pem = (file: string) => readFileSync(path.join(certificates, file))
  const tls = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem'), requestCert: true }
  return createHttps(tls, (request, response) => {
    request.resume()
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end('{"message":"write /var/lib/docker: input/output error"}')
  })
}
