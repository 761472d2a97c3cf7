// Hosts are for admins to see. Whoever owns an app learns why a dyno waits,
// and how much is free, but not on which host.

/** What `waitingReason` said, without the names of hosts. */
export function withoutHosts(reason: string): string {
  const [, prefix = '', rest = ''] = /^(waiting: )?([\s\S]*)$/.exec(reason) ?? []
  const [about = ''] = rest.split(/: (?![^(]*\))|; /) // behind these come lists of hosts; in parentheses a figure
  return `${prefix}${about.replace(/\([^)]*\)/g, (figures) => figures.replace(/ on [a-z0-9-]+/g, ''))}`
}
