// The wires between the hosts: one bridge in this machine's own namespace, a
// network namespace and a cable (veth pair) per host, and the way out.
//
// The bridge's own address is this machine as the hosts see it. Only outward
// traffic gets rules here: between the hosts' networks and this machine's the
// platform's own firewall must decide, so nothing of it is accepted beforehand.
import { must } from '@paas/testing/platform'
import { type Ran, run } from '@paas/testing/run'

const SUBNETS = 256
const FIRST_HOST = 10 // 10.99.K.11 is h1; .1 is this machine

export const bridgeOf = (subnet: number) => `rig${subnet}`
export const gatewayOf = (subnet: number) => `10.99.${subnet}.1`
export const addressOf = (subnet: number, number: number) => `10.99.${subnet}.${FIRST_HOST + number}`
export const namespaceOf = (rig: string, host: string) => `${rig}-${host}`

/** Makes a bridge on the first free 10.99.K.0/24 and says which. Making it is the claim: a name can be made once. `taken` are those of rigs on bridges in other namespaces. */
export async function claimSubnet(taken: readonly number[]): Promise<number> {
  const routes = (await must(run('ip', ['-4', 'route', 'show', 'table', 'all']))).stdout
  for (let subnet = 0; subnet < SUBNETS; subnet += 1) {
    if (taken.includes(subnet) || routes.includes(`10.99.${subnet}.`)) continue
    const { code } = await run('ip', ['link', 'add', bridgeOf(subnet), 'type', 'bridge'])
    if (code === 0) return subnet
  }
  throw new Error('every network of 10.99.0.0/16 is taken')
}

/** Address, way out and address translation of a claimed bridge. Changes nothing when called again. */
export async function openBridge(subnet: number): Promise<void> {
  const bridge = bridgeOf(subnet)
  await run('ip', ['link', 'add', bridge, 'address', macOf(subnet, 0), 'type', 'bridge'])
  await must(run('ip', ['addr', 'replace', `${gatewayOf(subnet)}/24`, 'dev', bridge]))
  await must(run('ip', ['link', 'set', bridge, 'up']))
  for (const [table, ...rule] of await rulesOf(bridge, subnet)) {
    const { code } = await run('iptables', ['-w', '-t', table!, '-C', ...rule])
    if (code !== 0) await must(run('iptables', ['-w', '-t', table!, '-A', ...rule]))
  }
}

/** Bridge and rules away; a second call finds nothing. */
export async function closeBridge(subnet: number): Promise<void> {
  const bridge = bridgeOf(subnet)
  for (const table of ['filter', 'nat', 'mangle']) {
    const { stdout } = await run('iptables', ['-w', '-t', table, '-S'])
    const ours = stdout.split('\n').filter((rule) => rule.startsWith('-A') && rule.includes(` --comment ${bridge} `))
    for (const rule of ours) await run('iptables', ['-w', '-t', table, '-D', ...rule.split(' ').slice(1)])
  }
  await run('ip', ['link', 'del', bridge])
}

async function rulesOf(bridge: string, subnet: number): Promise<string[][]> {
  const { stdout } = await run('ip', ['-4', 'route', 'show', 'default'])
  const out = / dev (\S+)/.exec(stdout)?.[1]
  const comment = ['-m', 'comment', '--comment', bridge]
  const between = ['filter', 'FORWARD', '-i', bridge, '-o', bridge, ...comment, '-j', 'ACCEPT']
  if (!out) return [between] // a machine without a network has hosts without one
  const replies = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED']
  // Here the way out may carry smaller packets than the bridge does.
  const fits = ['-p', 'tcp', '--tcp-flags', 'SYN,RST', 'SYN', ...comment, '-j', 'TCPMSS', '--clamp-mss-to-pmtu']
  return [
    between,
    ['filter', 'FORWARD', '-i', bridge, '-o', out, ...comment, '-j', 'ACCEPT'],
    ['filter', 'FORWARD', '-i', out, '-o', bridge, ...replies, ...comment, '-j', 'ACCEPT'],
    ['nat', 'POSTROUTING', '-s', `10.99.${subnet}.0/24`, '-o', out, ...comment, '-j', 'MASQUERADE'],
    ['mangle', 'FORWARD', '-i', bridge, '-o', out, ...fits],
  ]
}

/** The host's namespace with its cable plugged in and its address; what is there stays. */
export async function plugIn(rig: string, subnet: number, host: { name: string; number: number }): Promise<void> {
  const namespace = namespaceOf(rig, host.name)
  const cable = cableOf(subnet, host.number)
  await run('ip', ['netns', 'add', namespace])
  const { code } = await inNamespace(namespace, 'ip', ['link', 'show', 'eth0'])
  if (code !== 0) {
    const peer = ['peer', 'name', 'eth0', 'address', macOf(subnet, host.number), 'netns', namespace]
    await must(run('ip', ['link', 'add', cable, 'type', 'veth', ...peer]))
    await must(run('ip', ['link', 'set', cable, 'master', bridgeOf(subnet)]))
  }
  await must(inNamespace(namespace, 'ip', ['link', 'set', 'lo', 'up']))
  await must(inNamespace(namespace, 'ip', ['addr', 'replace', `${addressOf(subnet, host.number)}/24`, 'dev', 'eth0']))
  await must(inNamespace(namespace, 'ip', ['link', 'set', 'eth0', 'up']))
  await must(run('ip', ['link', 'set', cable, 'up']))
  await must(inNamespace(namespace, 'ip', ['route', 'replace', 'default', 'via', gatewayOf(subnet)]))
}

/**
 * What a machine without power has lost: all interfaces but its card. Connections that its containers had not ended keep their
 * networks here for minutes, and would answer at the addresses of those that come after them.
 */
export async function loseInterfaces(namespace: string): Promise<void> {
  const { stdout } = await must(inNamespace(namespace, 'ip', ['-o', 'link', 'show']))
  const names = [...stdout.matchAll(/^\d+: ([^:@\s]+)/gm)].map((match) => match[1]!)
  for (const name of names) if (name !== 'lo' && name !== 'eth0') await inNamespace(namespace, 'ip', ['link', 'delete', name])
}

/** Pulls the cable out: from now on nothing leaves the host, not even that its connections end. */
export async function pullOut(subnet: number, number: number): Promise<void> {
  await run('ip', ['link', 'del', cableOf(subnet, number)])
}

/** The namespace goes when nothing runs in it any more. */
export async function removeNamespace(rig: string, host: string): Promise<void> {
  await run('ip', ['netns', 'del', namespaceOf(rig, host)])
}

/** A machine keeps its card, and neighbours remember it for half a minute. 0: of the bridge, which would else take on that of a port, and change it with the ports. */
const macOf = (subnet: number, number: number) =>
  ['02', '0a', '63', ...[subnet, number].map((part) => part.toString(16).padStart(2, '0')), '01'].join(':')

const cableOf = (subnet: number, number: number) => `${bridgeOf(subnet)}h${number}`

export function inNamespace(namespace: string, command: string, args: string[]): Promise<Ran> {
  return run('nsenter', [`--net=/run/netns/${namespace}`, command, ...args])
}
