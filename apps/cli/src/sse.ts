// Server-sent events, as far as log streams use them
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
import { StringDecoder } from 'node:string_decoder'

export interface StreamEvent {
  data: string
  /** Last id seen up to here, to go on from after a reconnect. */
  lastEventId: string
}

/** A parser with memory: each chunk gives the events it completes. A block without data gives none, but its id counts. `retry` is left to the caller's own back-off. */
export function createEventParser(lastEventId = ''): (chunk: Buffer) => StreamEvent[] {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let id = lastEventId
  let data: string[] = []
  return (chunk) => {
    rest += decoder.write(chunk)
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    const events: StreamEvent[] = []
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) events.push({ data: data.join('\n'), lastEventId: id })
        data = []
        continue
      }
      const colon = line.indexOf(':')
      const field = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'data') data.push(value)
      else if (field === 'id' && !value.includes('\0')) id = value
    }
    return events
  }
}
