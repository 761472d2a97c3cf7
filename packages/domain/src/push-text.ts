// The lines a pusher reads around the build's own, in Heroku's shape.

const MAX_LINE = 2_000 // characters; git wraps nothing, and no terminal needs more

/** Where the app answers: plain HTTP unless the platform listens on HTTPS only, since a private CA would be the first thing a browser warns of. */
export function appUrl(
  app: string,
  { domain, httpPort, httpsPort }: { domain: string; httpPort: number; httpsPort: number },
): string {
  const [scheme, port, usual] = httpPort > 0 ? ['http', httpPort, 80] : ['https', httpsPort, 443]
  return `${scheme}://${app}.${domain}${port === usual ? '' : `:${port}`}`
}

/** What ends a push that was accepted. */
export function deployedLines(version: number, url: string): string[] {
  return [`       Released v${version}`, `       ${url} deployed`, '']
}

/** Printed while nothing else is: `doing` is `building`, `launching v12`, `waiting for …`. */
export function stillLine(doing: string, waitedMs: number): string {
  const seconds = Math.round(waitedMs / 1000)
  return `       still ${doing}, ${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`}`
}

/**
 * One line of foreign output, safe inside `remote: `: colours stay, everything that moves the cursor, rings, sets titles or ends
 * the line goes. Of a progress bar that rewrites its line by carriage returns, what it last showed stays.
 */
export function cleanLine(text: string): string {
  const shown = text.replace(/\r+$/, '')
  return shown
    .slice(shown.lastIndexOf('\r') + 1, shown.lastIndexOf('\r') + 1 + MAX_LINE * 2)
    .replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?/g, '') // OSC, DCS, SOS, PM, APC
    .replace(/\x1b\[([0-?]*)[ -/]*([@-~])/g, (sequence, parameters: string, final: string) =>
      final === 'm' && /^[\d;]*$/.test(parameters) ? sequence : '',
    )
    .replace(/\x1b(?!\[[\d;]*m)/g, '')
    .replace(/[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]/g, '')
    .slice(0, MAX_LINE)
}
