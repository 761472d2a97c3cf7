// How much one caller may ask: requests per hour and token (Heroku's figure is
// 4500, refilled evenly), and failed logins per address. In memory: a restart
// forgives, which costs less than a write per request.

const HOUR_MS = 3_600_000
const WINDOW_MS = 15 * 60_000
/** Of one person from one address: a stranger elsewhere cannot lock the person out. */
const MAX_FAILURES_PER_PERSON = 10
/** Of one address, whoever it tries to be. */
const MAX_FAILURES_PER_ADDRESS = 50
/** Beyond this the oldest are forgotten, so that made-up names cannot fill the memory. */
const MAX_KEYS = 50_000

/** A bucket per key that holds an hour's worth and refills evenly. */
export class RequestQuota {
  readonly #perHour: number
  readonly #buckets = new Map<string, { left: number; at: number }>()

  constructor(perHour: number) {
    this.#perHour = perHour
  }

  /** How many whole requests are left after this one; below zero: this one is refused. */
  take(key: string, nowMs: number): number {
    const bucket = this.#buckets.get(key)
    const left = bucket ? Math.min(this.#perHour, bucket.left + ((nowMs - bucket.at) * this.#perHour) / HOUR_MS) : this.#perHour
    const after = left >= 1 ? left - 1 : left
    remember(this.#buckets, key, { left: after, at: nowMs })
    return left >= 1 ? Math.floor(after) : -1
  }
}

/** Failed logins of the last 15 minutes. */
export class LoginAttempts {
  readonly #failures = new Map<string, { count: number; since: number }>()

  allowed(email: string, address: string, nowMs: number): boolean {
    return (
      this.#count(personAt(email, address), nowMs) < MAX_FAILURES_PER_PERSON &&
      this.#count(address, nowMs) < MAX_FAILURES_PER_ADDRESS
    )
  }

  failed(email: string, address: string, nowMs: number): void {
    for (const key of [personAt(email, address), address]) {
      const count = this.#count(key, nowMs)
      const since = count === 0 ? nowMs : (this.#failures.get(key)?.since ?? nowMs)
      remember(this.#failures, key, { count: count + 1, since })
    }
  }

  succeeded(email: string, address: string): void {
    this.#failures.delete(personAt(email, address))
  }

  #count(key: string, nowMs: number): number {
    const entry = this.#failures.get(key)
    return entry && nowMs - entry.since < WINDOW_MS ? entry.count : 0
  }
}

function personAt(email: string, address: string): string {
  return `${address} ${email.trim().toLowerCase().slice(0, 300)}`
}

/** Maps keep insertion order, so re-inserting makes the first key the one unused for longest. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > MAX_KEYS) map.delete(map.keys().next().value ?? '')
}
