// What the scheduler tells routers, and what they answer: newline-delimited
// JSON over one unix socket. The first message after connecting holds every
// app (`full`), later ones only what changed. A router that has applied a
// version says so, because the scheduler stops an old dyno only after every
// connected router has left it out.
import { z } from 'zod'

export const RouteDyno = z.object({ id: z.string(), name: z.string(), address: z.string(), port: z.number() })
export type RouteDyno = z.infer<typeof RouteDyno>

/** Why an app serves or does not: picks the router's error code (H81, H14, H20, H10). */
export const RouteState = z.enum(['blank', 'no-web', 'booting', 'crashed', 'serving'])

export const Route = z.object({
  appId: z.string(),
  app: z.string(),
  /** Every public name of the app, lower case, `name.DOMAIN` included. */
  domains: z.array(z.string()),
  maintenance: z.boolean(),
  state: RouteState,
  /** Web dynos that take new requests. */
  dynos: z.array(RouteDyno),
})
export type Route = z.infer<typeof Route>

export const TableMessage = z.object({
  version: z.number(),
  full: z.boolean(),
  set: z.array(Route),
  /** Ids of apps that are gone. */
  remove: z.array(z.string()),
  /** Ids of dynos that have left, with this message or before, because their host is lost: there is nothing to drain. */
  lost: z.array(z.string()).optional(),
})
export type TableMessage = z.infer<typeof TableMessage>

export const RouterMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), pid: z.number() }),
  z.object({ kind: z.literal('applied'), version: z.number() }),
  /** No request or upgraded connection to this dyno, which has left the table, is open any more. */
  z.object({ kind: z.literal('drained'), dynoId: z.string() }),
])
export type RouterMessage = z.infer<typeof RouterMessage>
