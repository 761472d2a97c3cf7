// Wake-ups through Postgres NOTIFY: a word that a row changed, so that no
// stage has to poll. Only hints: a listener re-reads the rows, and must also
// look by itself now and then, since a wake-up can be lost.
import pg from 'pg'

/** `app`: look at this app (scheduler). `build`: a build row changed. `release`: a release row changed (key: app id). `dyno`: a dyno row changed (key: app id). `push`: a push to this app has begun. `host`: a host's row changed. */
export type Topic = 'app' | 'build' | 'release' | 'dyno' | 'push' | 'host'
const CHANNEL = 'paas'
const RECONNECT_MS = 500

export interface Wakes {
  /** Calls back with the key, or with undefined after a lost connection: anything may have changed. Returns the way out. */
  on(topic: Topic, listener: (key: string | undefined) => void): () => void
  close(): Promise<void>
}

/** Sends with whatever client is at hand, so that a wake-up inside a transaction leaves with its commit. */
export async function wake(
  db: { $executeRaw: (query: TemplateStringsArray, ...values: unknown[]) => PromiseLike<number> },
  topic: Topic,
  key: string,
): Promise<void> {
  await db.$executeRaw`SELECT pg_notify(${CHANNEL}, ${`${topic}:${key}`})`
}

/** One connection that listens, and is made anew whenever it is lost. */
export function listenForWakes(connection: pg.ClientConfig): Wakes {
  const listeners = new Map<Topic, Set<(key: string | undefined) => void>>()
  let client: pg.Client | undefined
  let closed = false
  let timer: NodeJS.Timeout | undefined

  function lost(from: pg.Client) {
    if (client !== from) return
    client = undefined
    from.end().catch(() => {})
    if (!closed) timer = setTimeout(connect, RECONNECT_MS)
  }

  function connect() {
    const next = new pg.Client({ ...connection, application_name: 'paas wakes', keepAlive: true })
    client = next
    next.on('error', () => lost(next))
    next.on('end', () => lost(next))
    next.on('notification', ({ payload }) => {
      const colon = payload?.indexOf(':') ?? -1
      if (!payload || colon < 0) return
      for (const listener of listeners.get(payload.slice(0, colon) as Topic) ?? []) listener(payload.slice(colon + 1))
    })
    next
      .connect()
      .then(() => next.query(`LISTEN ${CHANNEL}`))
      .then(() => {
        for (const set of listeners.values()) for (const listener of set) listener(undefined)
      })
      .catch(() => lost(next))
  }

  connect()
  return {
    on(topic, listener) {
      const set = listeners.get(topic) ?? new Set()
      listeners.set(topic, set.add(listener))
      return () => void set.delete(listener)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
