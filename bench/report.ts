// What every bench prints: a table, and one line that says whether the bar is held.

export interface Bar {
  name: string
  ratio: number
  atMost: number
}

/** The middle of the sorted values; the lower of the two middles for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

/** Prints rows of a table with aligned columns, numbers to the right. */
export function printTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [headings, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toFixed(3) : cell)))
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  for (const row of cells) {
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '),
    )
  }
}

/** Prints a line per bar (`push: ratio 0.71, at most 1.0: held`), or all of it as JSON; exit status 1 when one is missed. */
export function finish(bars: readonly Bar[], details: unknown): void {
  const judged = bars.map((bar) => ({ ...bar, held: bar.ratio <= bar.atMost }))
  if (process.argv.includes('--json')) console.log(JSON.stringify({ bars: judged, details }, null, 2))
  else
    for (const { name, ratio, atMost, held } of judged)
      console.log(`${name}: ratio ${ratio.toFixed(2)}, at most ${atMost}: ${held ? 'held' : 'missed'}`)
  process.exitCode = judged.every(({ held }) => held) ? 0 : 1
}

/** Progress for the person who waits: stderr, so that --json stays clean. */
export function say(line: string): void {
  process.stderr.write(`-----> ${line}\n`)
}
