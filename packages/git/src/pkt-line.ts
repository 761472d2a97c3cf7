// Git's packet lines (gitprotocol-common(5)): four hexadecimal digits of
// length, themselves included, then the bytes.

export const FLUSH = '0000'

/** One packet; text is UTF-8 and at most 65,516 bytes long. */
export function packet(text: string): Buffer {
  const body = Buffer.from(text)
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body])
}

/** What begins an answer to `info/refs` (gitprotocol-http(5)). */
export function serviceHeader(service: string): Buffer {
  return Buffer.concat([packet(`# service=${service}\n`), Buffer.from(FLUSH)])
}

/** A message on side-band 3, on which a client prints it as the remote's error and gives up. */
export function fatal(message: string): Buffer {
  return packet(`\x03${message}\n`)
}
