import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactor } from './redact.ts'

describe('redactor', () => {
  it.each([
    { title: 'hides a value wherever it is', values: ['hunter22'], line: 'a hunter22=hunter22', got: 'a [redacted]=[redacted]' },
    { title: 'leaves short values', values: ['8080', 'true'], line: 'port 8080 true', got: 'port 8080 true' },
    {
      title: 'hides the longer of two that overlap',
      values: ['secret', 'secret-and-more'],
      line: 'x secret-and-more',
      got: 'x [redacted]',
    },
    { title: 'hides each line of a value', values: ['-----BEGIN KEY\nabcdefgh\n'], line: 'abcdefgh', got: '[redacted]' },
    { title: 'takes values as text, not as patterns', values: ['a.c$&d+'], line: 'a.c$&d+ abc', got: '[redacted] abc' },
  ])('$title', ({ values, line, got }) => {
    expect(redactor(values)(line)).toBe(got)
  })

  it('lets no value of six characters through', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 6 }).filter((value) => value.trim().length >= 6 && !'[redacted]'.includes(value.trim()))),
        fc.string(),
        (values, rest) => {
          const line = redactor(values)(`${rest}${values.join(' ')}`)
          for (const value of values) expect(line.replaceAll('[redacted]', '\n').includes(value.trim())).toBe(false)
        },
      ),
    )
  })
})
