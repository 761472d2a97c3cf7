// A dyno that can vanish as with its host: it answers nothing, and SYNs to it
// are dropped. It is a process of its own, which is stopped; two connections
// then fill its queue, so that the kernel drops what follows.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { RouteDyno } from '@paas/contract/routes'

export interface Vanishing extends RouteDyno, AsyncDisposable {
  /** The requests it has seen, as `METHOD /path`. */
  readonly seen: readonly string[]
  vanish(): Promise<void>
  comeBack(): void
}

const SERVER = `require('http').createServer((req, res) => {
  console.log(req.method + ' ' + req.url)
  req.resume().on('end', () => res.end('from the one that vanishes'))
}).listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })`

export async function startVanishing(): Promise<Vanishing> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [port] = await once(lines, 'line')
  const seen: string[] = []
  lines.on('line', (line) => seen.push(line))
  let fillers: Socket[] = []
  return {
    ...{ id: `v${port}`, name: 'web.9', address: '127.0.0.1', port: Number(port) },
    seen,
    async vanish() {
      child.kill('SIGSTOP')
      while (stateOf(child) !== 'T') await new Promise((resolve) => setImmediate(resolve))
      fillers = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')]
      await Promise.all(fillers.map((socket) => once(socket, 'connect')))
    },
    comeBack() {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGCONT')
    },
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** `T`: stopped. */
function stateOf({ pid }: ChildProcess): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2]
}
