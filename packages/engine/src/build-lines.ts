// A command's stdout and stderr meet in one output: each hands over whole
// lines only, so that neither begins in the middle of the other's.

const NEWLINE = 0x0a
/** A longer line is handed over in parts. */
const HELD_MAX_BYTES = 64 * 1024

export interface WholeLines {
  write(chunk: Buffer): void
  /** Hands over an unfinished last line, ended. */
  end(): void
}

/** Passes on what it is given up to the last newline, at once. */
export function wholeLines(onLines: (lines: Buffer) => void): WholeLines {
  let held: Buffer = Buffer.alloc(0)
  return {
    write(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const upTo = bytes.length > HELD_MAX_BYTES ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
      if (upTo > 0) onLines(bytes.subarray(0, upTo))
      held = Buffer.from(bytes.subarray(upTo))
    },
    end() {
      if (held.length > 0) onLines(Buffer.concat([held, Buffer.from('\n')]))
      held = Buffer.alloc(0)
    },
  }
}
