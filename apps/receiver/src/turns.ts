// One push of an app at a time, in order of arrival. Git itself compares a
// ref with what the pusher saw only after the hook, when the build would
// already have been released; with turns that is known before.

export class Turns {
  readonly #queues = new Map<string, (() => void)[]>()

  /** How many hold or wait for this key. */
  waiting(key: string): number {
    return this.#queues.get(key)?.length ?? 0
  }

  /** Resolves, with the way to give it back, when it is the caller's turn. */
  async take(key: string): Promise<() => void> {
    const queue = this.#queues.get(key) ?? []
    this.#queues.set(key, queue)
    const turn = new Promise<void>((resolve) => {
      queue.push(resolve)
    })
    if (queue.length === 1) queue[0]?.()
    await turn
    let held = true
    return () => {
      if (!held) return
      held = false
      queue.shift()
      if (queue.length === 0) this.#queues.delete(key)
      else queue[0]?.()
    }
  }
}
