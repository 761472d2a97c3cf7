// The platform's own log: JSON lines by pino. Users' lines never pass here.
import pino, { type Logger } from 'pino'

export type { Logger }

/** A logger whose lines carry `stage`; secrets by these names are never printed. */
export function createLog(stage: string, level = 'info'): Logger {
  return pino({
    level,
    base: { stage },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['*.authorization', '*.password', '*.token', '*.env', 'req.headers'], censor: '[redacted]' },
  })
}
