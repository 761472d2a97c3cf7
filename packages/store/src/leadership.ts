// Who leads: one row, by the database's clock. The term is the fencing token:
// a leader's connections name it (openStore's `term`), and the database takes
// no write of theirs once another has claimed the next one.
import type { Store } from './store.ts'

const NAME = 'scheduler'

export interface Leader {
  holder: string
  term: number
  /** Ms until it may be taken over; negative: since when. */
  leftMs: number
}

/** The term that now is `holder`'s; undefined while another's lease lasts. `over` takes it from that one all the same, because it is known to be dead. */
export async function claimLeadership(
  { db }: Pick<Store, 'db'>,
  { holder, leaseMs, over = '' }: { holder: string; leaseMs: number; over?: string },
): Promise<number | undefined> {
  const rows = await db.$queryRaw<{ term: number }[]>`
    INSERT INTO leaderships AS l (name, holder, term, lease_until)
    VALUES (${NAME}, ${holder}, 1, clock_timestamp() + ${leaseMs} * interval '1 millisecond')
    ON CONFLICT (name) DO UPDATE
      SET holder = excluded.holder, term = l.term + 1, lease_until = excluded.lease_until
      WHERE l.lease_until < clock_timestamp() OR l.holder = ${over}
    RETURNING term`
  return rows[0]?.term
}

/** False: it is another's term by now. */
export async function renewLeadership(
  { db }: Pick<Store, 'db'>,
  { holder, term, leaseMs }: { holder: string; term: number; leaseMs: number },
): Promise<boolean> {
  const count = await db.$executeRaw`
    UPDATE leaderships SET lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    WHERE name = ${NAME} AND holder = ${holder} AND term = ${term}`
  return count === 1
}

/** The next may claim at once. */
export async function leaveLeadership(
  { db }: Pick<Store, 'db'>,
  { holder, term }: { holder: string; term: number },
): Promise<void> {
  await db.$executeRaw`
    UPDATE leaderships SET lease_until = clock_timestamp() - interval '1 second'
    WHERE name = ${NAME} AND holder = ${holder} AND term = ${term}`
}

export async function readLeader({ db }: Pick<Store, 'db'>): Promise<Leader | undefined> {
  const rows = await db.$queryRaw<Leader[]>`
    SELECT holder, term, (EXTRACT(EPOCH FROM lease_until - clock_timestamp()) * 1000)::float AS "leftMs"
    FROM leaderships WHERE name = ${NAME}`
  return rows[0]
}
