// What the platform says about a dyno in its app's log, in Heroku's words,
// because people search for them.
import type { LogWriter } from '@paas/logs/types'

/** As `heroku[web.1]: text`. */
export function say(logs: LogWriter, appId: string, dyno: string, text: string): void {
  logs.write(`app:${appId}`, { source: 'heroku', dyno, text })
}

export const lines = {
  starting: (command: string | null) =>
    command === null ? 'Starting process with the command of its image' : `Starting process with command \`${command}\``,
  changed: (from: string, to: string) => `State changed from ${from} to ${to}`,
  stopping: 'Stopping all processes with SIGTERM',
  exited: (status: number) => `Process exited with status ${status}`,
  bootTimeout: (seconds: number) =>
    `Error R10 (Boot timeout) -> Web process failed to bind to $PORT within ${seconds} seconds of launch`,
  unhealthy: (path: string, seconds: number, last: string) =>
    `Error R10 (Boot timeout) -> GET ${path} did not answer 2xx within ${seconds} seconds of launch (${last})`,
  exitTimeout: 'Error R12 (Exit timeout) -> At least one process failed to exit within the grace time of SIGTERM',
  attachFailed: 'Error R13 (Attach error) -> Failed to attach to process',
  memoryVast: 'Error R15 (Memory quota vastly exceeded)',
  hostLost: 'Its host is lost: another dyno takes its place',
  killed: 'Stopping process with SIGKILL',
}
