// Heroku's CLI finds a command's exit status by a line that its own `echo`
// prints, and only when that line comes in one piece. So output is held back
// from a marker's first byte to its line's end.

/** U+FFFF in UTF-8: the marker is `\uFFFF heroku-command-exit-status: 0`. */
const MARK = Buffer.from([0xef, 0xbf, 0xbf])
/** What has no line's end by now is no marker. */
const LONGEST_LINE = 256

export class MarkerKeeper {
  #held = Buffer.alloc(0)

  /** Pieces to be sent, each by a write of its own. */
  push(chunk: Buffer): Buffer[] {
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const from = markStart(text)
    if (from < 0) {
      this.#held = Buffer.alloc(0)
      return [text]
    }
    const rest = text.subarray(from)
    const whole = rest.includes(0x0a) || rest.length > LONGEST_LINE
    this.#held = whole ? Buffer.alloc(0) : Buffer.from(rest)
    return [text.subarray(0, from), ...(whole ? [rest] : [])].filter((piece) => piece.length > 0)
  }

  /** What is still held back: nothing more comes, or not soon. */
  flush(): Buffer[] {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held.length > 0 ? [held] : []
  }

  get holds(): boolean {
    return this.#held.length > 0
  }
}

/** Where the last marker, or the beginning of one at the very end, begins. */
function markStart(text: Buffer): number {
  const whole = text.lastIndexOf(MARK)
  if (whole >= 0) return whole
  if (text.length >= 2 && text.subarray(-2).equals(MARK.subarray(0, 2))) return text.length - 2
  return text.at(-1) === MARK[0] ? text.length - 1 : -1
}
