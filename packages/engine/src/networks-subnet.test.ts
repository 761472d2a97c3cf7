import { describe, expect, it } from 'vitest'
import { formatBlock, freeBlock, overlaps, parseBlock } from './networks-subnet.ts'

const block = (cidr: string) => parseBlock(cidr)!

describe('blocks of addresses', () => {
  it.each(['10.213.0.0/16', '0.0.0.0/0', '192.168.1.64/26'])('reads and writes %s', (cidr) =>
    expect(formatBlock(block(cidr))).toBe(cidr),
  )

  it.each(['fd00::/64', '10.0.0.0', '10.0.0.300/8', '10.0.0.0/33', ''])('refuses %j', (text) =>
    expect(parseBlock(text)).toBeUndefined(),
  )

  it('takes the base of a block whose address lies inside it', () =>
    expect(formatBlock(block('10.1.2.3/16'))).toBe('10.1.0.0/16'))

  it('sees overlaps both ways', () => {
    expect(overlaps(block('10.0.0.0/8'), block('10.1.0.0/26'))).toBe(true)
    expect(overlaps(block('10.1.0.0/26'), block('10.0.0.0/8'))).toBe(true)
    expect(overlaps(block('10.1.0.0/26'), block('10.1.0.64/26'))).toBe(false)
  })

  it('gives the first free one from a start, going round, and none when all are taken', () => {
    const range = block('10.1.0.0/24')
    const taken = [block('10.1.0.128/25')]
    expect(formatBlock(freeBlock(range, 26, taken)!)).toBe('10.1.0.0/26')
    expect(formatBlock(freeBlock(range, 26, taken, 2)!)).toBe('10.1.0.0/26')
    expect(freeBlock(range, 26, [block('10.0.0.0/8')])).toBeUndefined()
  })
})
