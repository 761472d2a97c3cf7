// What people did to an app, as lines in its log: `app[api]: Release v5
// created by user a@b.c`, in Heroku's words.
import type { LogWriter } from '@paas/logs/types'

/** Never throws and never waits: the change has been made, told or not. */
export function announce(writer: LogWriter, appId: string, text: string): void {
  writer.write(`app:${appId}`, { source: 'app', dyno: 'api', text })
}
