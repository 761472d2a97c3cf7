// Questions on the terminal. Without one there is nobody to ask: the caller's
// hint says which flag answers instead.
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import type { Surroundings } from './context.ts'
import { Failure } from './failure.ts'

/** The answer without spaces around it; `hint` is shown when there is no terminal. */
export async function ask(around: Surroundings, question: string, hint: string): Promise<string> {
  if (!around.stdin.isTTY) throw new Failure('There is no terminal to ask on.', { hint })
  const lines = createInterface({ input: around.stdin, output: around.stderr })
  try {
    return (await lines.question(question, { signal: AbortSignal.timeout(600_000) })).trim()
  } catch (err) {
    throw new Failure('No answer.', { cause: err, exitCode: 130 })
  } finally {
    lines.close()
  }
}

/** As `ask`, but nothing typed is shown. */
export async function askHidden(around: Surroundings, question: string, hint: string): Promise<string> {
  if (!around.stdin.isTTY) throw new Failure('There is no terminal to ask on.', { hint })
  const input = around.stdin as NodeJS.ReadStream
  around.stderr.write(question)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let typed = ''
  const read = (chunk: Buffer) => {
    for (const char of chunk.toString('utf8')) {
      if (char === '\r' || char === '\n') return resolve(typed)
      if (char === '\x03' || char === '\x04') return reject(new Failure('Nothing was entered.', { exitCode: 130 }))
      if (char === '\x15') typed = ''
      else if (char === '\x7f' || char === '\b') typed = [...typed].slice(0, -1).join('')
      else if (char >= ' ') typed += char
    }
  }
  input.setRawMode(true).on('data', read).resume()
  try {
    return await promise
  } finally {
    input.off('data', read).setRawMode(false).pause()
    around.stderr.write('\n')
  }
}

/** Everything on stdin, without the newline at its end. */
export async function readSecret(around: Surroundings): Promise<string> {
  return (await text(around.stdin)).replace(/\r?\n$/, '')
}
