// Cutting a host off without a sign: packets are dropped inside its own
// namespace before anything else there sees them, so that both what was
// connected and what connects anew waits for an answer that does not come.
import { must } from '@paas/testing/platform'
import { inNamespace } from './network.ts'

export interface Partition {
  /** Which packets are lost: what comes to the host (`in`: it can still send), what it sends (`out`), or both. */
  direction?: 'both' | 'in' | 'out'
  /** Only this TCP port of the host: 2376 cuts the engine off and leaves its dynos. */
  port?: number
}

/** Adds to a partition that is there already. */
export async function cut(namespace: string, { direction = 'both', port }: Partition): Promise<void> {
  const to = port ? ['-p', 'tcp', '--dport', String(port)] : []
  const from = port ? ['-p', 'tcp', '--sport', String(port)] : []
  if (direction !== 'out') await change(namespace, 'raw', ['-A', 'PREROUTING', '-i', 'eth0', ...to, '-j', 'DROP'])
  if (direction !== 'in') await change(namespace, 'mangle', ['-A', 'POSTROUTING', '-o', 'eth0', ...from, '-j', 'DROP'])
}

/** Ends every partition of the host. */
export async function mend(namespace: string): Promise<void> {
  for (const [table, chain] of [
    ['raw', 'PREROUTING'],
    ['mangle', 'POSTROUTING'],
  ] as const) {
    const { stdout } = await must(inNamespace(namespace, 'iptables', ['-w', '-t', table, '-S', chain]))
    const ours = stdout.split('\n').filter((rule) => / -[io] eth0 .*-j DROP$/.test(rule))
    for (const rule of ours) await change(namespace, table, ['-D', ...rule.split(' ').slice(1)])
  }
}

async function change(namespace: string, table: string, rule: string[]): Promise<void> {
  await must(inNamespace(namespace, 'iptables', ['-w', '-t', table, ...rule]))
}
