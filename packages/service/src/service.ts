// What every stage gives back when it has started.

export interface Service {
  /** `api`, `router`: the name `bin/status` shows. */
  readonly name: string
  /** Stops taking work, finishes or hands back what is under way, and closes what it opened. Called once. */
  close(): Promise<void>
}
