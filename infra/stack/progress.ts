// Progress a person can wait with: what happens now and for how long, at once
// when it changes and every few seconds while it does not.
const EVERY_MS = 3000

export interface Progress extends Disposable {
  /** Shown at once. */
  step(text: string): void
  /** Shown with the next tick: for what changes many times a second. */
  detail(text: string): void
}

export function startProgress(onLine: (line: string) => void): Progress {
  const began = performance.now()
  let now = ''
  const say = () => onLine(`${now} (${Math.round((performance.now() - began) / 1000)} s)`)
  const timer = setInterval(() => now && say(), EVERY_MS)
  return {
    step(text) {
      now = text
      say()
    },
    detail(text) {
      now = text
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}
