// Picking a free block of addresses out of the platform's one range.

export interface Block {
  /** As a number. */
  base: number
  bits: number
}

/** `10.213.0.0/16`; undefined for anything else (IPv6, nonsense). */
export function parseBlock(cidr: string): Block | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr)
  if (!match) return undefined
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number]
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return { base: address - (address % size), bits }
}

export function formatBlock({ base, bits }: Block): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${bits}`
}

export function overlaps(a: Block, b: Block): boolean {
  return a.base < b.base + 2 ** (32 - b.bits) && b.base < a.base + 2 ** (32 - a.bits)
}

/** The first free block of `bits` in `range` at or after the one numbered `from`, going round once; undefined when all are taken. */
export function freeBlock(range: Block, bits: number, taken: readonly Block[], from = 0): Block | undefined {
  const count = 2 ** Math.max(0, bits - range.bits)
  const size = 2 ** (32 - bits)
  for (let tried = 0; tried < count; tried += 1) {
    const block = { base: range.base + ((from + tried) % count) * size, bits }
    const rival = taken.find((other) => overlaps(block, other))
    if (!rival) return block
  }
  return undefined
}
