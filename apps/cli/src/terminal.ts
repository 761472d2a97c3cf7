// How things look: colours (only for people), headings, aligned columns, dates.
import type { Writable } from 'node:stream'

export type Output = Writable & { isTTY?: boolean; columns?: number; rows?: number }

type Env = Record<string, string | undefined>

export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  blue(text: string): string
  magenta(text: string): string
  cyan(text: string): string
}

/** Colours for a terminal that wants them (https://no-color.org), plain text for everything else. */
export function styleFor(output: Output, env: Env): Style {
  const colours = env['FORCE_COLOR']
    ? env['FORCE_COLOR'] !== '0'
    : output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const paint = (open: number, close: number) => (text: string) => (colours ? `\x1b[${open}m${text}\x1b[${close}m` : text)
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    magenta: paint(35, 39),
    cyan: paint(36, 39),
  }
}

/** Rows with every column as wide as its widest cell; colours do not count, the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, visibleLength(cell))
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - visibleLength(cell))))
      .join('  ')
      .trimEnd(),
  )
}

function visibleLength(text: string): number {
  return text.replace(/\x1b\[\d+m/g, '').length
}

/** `2026/01/02 10:00:00 +0000`, as Heroku prints times; UTC, so that two people can compare. */
export function formatTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return iso
  const text = at.toISOString()
  return `${text.slice(0, 10).replaceAll('-', '/')} ${text.slice(11, 19)} +0000`
}

/** `~ 3m ago`; `nowMs` comes in so that tables can test it. */
export function formatAgo(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - new Date(iso).getTime()) / 1000))
  if (Number.isNaN(seconds)) return ''
  if (seconds < 60) return `~ ${seconds}s ago`
  if (seconds < 3600) return `~ ${Math.floor(seconds / 60)}m ago`
  if (seconds < 86_400) return `~ ${Math.floor(seconds / 3600)}h ago`
  return `~ ${Math.floor(seconds / 86_400)}d ago`
}

/** `12 MB`; decimal units, as Heroku prints sizes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`
}
