// Config vars in what a build prints. A value is hidden wherever it appears in
// a line; short ones are not, or `true` and `8080` would blot out half a log.

const MIN_LENGTH = 6
const MASK = '[redacted]'

/** A function that hides these values in one line of text. Values of several lines are hidden line by line. */
export function redactor(values: Iterable<string>): (line: string) => string {
  const parts = [...values]
    .flatMap((value) => value.split(/\r\n|\r|\n/))
    .map((part) => part.trim())
    .filter((part) => part.length >= MIN_LENGTH)
  // Longest first, so that a value which contains another one is hidden whole.
  const secrets = [...new Set(parts)].sort((a, b) => b.length - a.length)
  return (line) => secrets.reduce((text, secret) => (text.includes(secret) ? text.replaceAll(secret, MASK) : text), line)
}
