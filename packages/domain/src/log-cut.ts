// Lines longer than Logplex allows are cut (devcenter.heroku.com/articles/logging#log-limits
// says 10,000 bytes). Bytes, not characters: what an app prints need not be text.

export const LINE_MAX_BYTES = 10_000

/** Ends of the pieces that `bytes[start, end)` is cut into, each at most `max` bytes and never through a UTF-8 character. An empty line is one empty piece. */
export function cutEnds(bytes: Uint8Array, start: number, end: number, max = LINE_MAX_BYTES): number[] {
  const ends: number[] = []
  let from = start
  while (end - from > max) {
    from = characterStart(bytes, from + max, from)
    ends.push(from)
  }
  ends.push(end)
  return ends
}

/** The nearest place at or before `at` where a character may begin; `at` itself when these bytes are no UTF-8. */
function characterStart(bytes: Uint8Array, at: number, least: number): number {
  for (let back = at; back > at - 4 && back > least; back--) {
    if ((bytes[back]! & 0xc0) !== 0x80) return back
  }
  return at
}
