// How long the router waits for whom. Heroku's figures
// (devcenter.heroku.com/articles/http-routing#timeouts); tests shorten them.

export interface RouterTimeouts {
  /** For a dyno to accept; then it is set aside and another one is tried. H19. */
  connectMs: number
  /** For a dyno to accept before another one is dialled beside it. */
  besideMs: number
  /** From the request's last byte to the answer's first. H12. */
  firstByteMs: number
  /** Rolling, in either direction, once bytes have moved. H15, H28. */
  idleMs: number
  /** For a first dyno to appear while an app boots. H20. */
  bootMs: number
  /** How long a dyno that failed a connect gets no requests. */
  quarantineMs: number
  /** For a request's head, from the connection's first moment. 408. */
  headMs: number
  /** For a client's next request on a connection. */
  clientIdleMs: number
  /** A kept connection to a dyno. */
  dynoIdleMs: number
  /** For a dyno's own 100 Continue, before the router gives it. */
  continueMs: number
  /** Stopping: requests under way may go on so long. */
  drainMs: number
  /** Stopping: a kept client connection gets so long to send the request it may just be sending. */
  drainIdleMs: number
  /** For the platform's own stages to accept: a restart of theirs takes about that long. */
  platformMs: number
  /** Between two looks at the certificate's files. */
  certificateMs: number
}

export const TIMEOUTS: RouterTimeouts = {
  connectMs: 5_000,
  // RFC 8305 section 5 recommends it. A dyno next door accepts in less than 5 ms; one whose queue is full takes a second,
  // since the kernel drops the first SYN and sends the next one then.
  besideMs: 250,
  firstByteMs: 30_000,
  idleMs: 55_000,
  bootMs: 75_000,
  quarantineMs: 5_000,
  headMs: 30_000,
  clientIdleMs: 60_000,
  dynoIdleMs: 90_000,
  continueMs: 1_000,
  drainMs: 55_000,
  drainIdleMs: 1_000,
  platformMs: 3_000,
  certificateMs: 2_000,
}
