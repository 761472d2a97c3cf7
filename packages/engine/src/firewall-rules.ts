// Firewall rules as data: what containers may reach, and what may reach them.
//
// The same text serves a machine whose iptables we run ourselves (firewall.ts)
// and one that is reached through its engine alone (link.ts).

export interface Rules {
  /** Rules by the name of their chain, which has at most 28 characters. */
  chains: Readonly<Record<string, readonly string[]>>
  /** What leads there: a chain of the machine's (FORWARD: before the engine's own rules) and the rule to have in it. */
  hooks: readonly string[]
}

export interface Names {
  /** Begins our chains' names. */
  prefix: string
  /** Our bridges, and no others: `paas-+`. */
  bridges: string
}

const ANSWERS = '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN'

/** The one bridge by which all containers of a swarm leave their machine: none of ours by name. */
export interface Gateway {
  bridge: string
  /** Of app networks that this machine has no route to: asked for one, it would send the packet out into the world. */
  range: string
}

export interface GuardOptions {
  publicPorts: readonly number[]
  nameServers: readonly string[]
  gateway?: Gateway | undefined
}

/** From our containers into the machine itself: its public ports, its name servers, and nothing else; nor through it to the link-local range. */
export function guardRules({ prefix, bridges }: Names, { publicPorts, nameServers, gateway }: GuardOptions): Rules {
  return {
    chains: {
      [`${prefix}-guard`]: [
        ANSWERS, // to connections that routers opened to dynos
        ...publicPorts.map((port) => `-p tcp --dport ${port} -j RETURN`),
        ...dnsTo(nameServers),
        '-j DROP',
      ],
      [`${prefix}-link`]: ['-d 169.254.0.0/16 -j DROP', ...(gateway ? [`-i ${gateway.bridge} -d ${gateway.range} -j DROP`] : [])],
    },
    hooks: [bridges, ...(gateway ? [gateway.bridge] : [])].flatMap((bridge) => [
      `INPUT -i ${bridge} -j ${prefix}-guard`,
      `FORWARD -i ${bridge} -j ${prefix}-link`,
    ]),
  }
}

export interface HostRules {
  /** The link address of the machine that routers run on; from the link, nobody else enters our networks. */
  routers: string
  /** Every range of the platform's: app networks and link addresses of all hosts. A container reaches of them its own network only. */
  ranges: readonly string[]
  /** Machines of other hosts: containers reach these TCP ports of them and nothing else. */
  machines: readonly { address: string; tcpPorts: readonly number[] }[]
  /** TCP ports of this machine that other hosts reach over the link: the registry's. */
  tcpPorts: readonly number[]
  gateway?: Gateway | undefined
}

/** Between hosts: routers reach dynos over the link, and nobody reaches anything else. */
export function linkRules(
  { prefix, bridges, link }: Names & { link: string },
  { routers, ranges, machines, tcpPorts, gateway, nameServers }: HostRules & { nameServers: readonly string[] },
): Rules {
  const entries = [bridges, ...(gateway ? [gateway.bridge] : [])]
  const [leaving, entering, arriving] = [`${prefix}-hosts`, `${prefix}-entry`, `${prefix}-wires`]
  return {
    chains: {
      [leaving]: [
        ANSWERS,
        `-o ${link} -j DROP`,
        `-o ${bridges} -j RETURN`, // its own network; the engine keeps others apart
        ...ranges.map((range) => `-d ${range} -j DROP`),
        ...dnsTo(nameServers),
        ...machines.flatMap(({ address, tcpPorts: open }) => [
          ...open.map((port) => `-d ${address} -p tcp --dport ${port} -j RETURN`),
          `-d ${address} -j DROP`,
        ]),
      ],
      [entering]: [
        ANSWERS,
        `-i ${bridges} -j RETURN`,
        ...entries.map((bridge) => `-i ${link} -o ${bridge} -s ${routers} -j ACCEPT`), // which the engine would refuse: no port is published
        // Ports that other services of the swarm publish are the engine's to judge.
        ...(gateway ? [`! -i ${link} -o ${gateway.bridge} -m conntrack --ctstate DNAT -j RETURN`] : []),
        '-j DROP',
      ],
      [arriving]: [
        ANSWERS,
        '-p icmp --icmp-type echo-request -j RETURN',
        ...tcpPorts.map((port) => `-p tcp --dport ${port} -j RETURN`),
        '-j DROP',
      ],
    },
    hooks: [
      ...entries.flatMap((bridge) => [`FORWARD -i ${bridge} -j ${leaving}`, `FORWARD -o ${bridge} -j ${entering}`]),
      `FORWARD -i ${link} -j ${entering}`,
      `INPUT -i ${link} -j ${arriving}`,
    ],
  }
}

/** For `iptables-restore --noflush`: our chains set anew, all at once. */
export function restoreText(rules: readonly Rules[]): string {
  const chains = rules.flatMap(({ chains }) => Object.entries(chains))
  return [
    '*filter',
    ...chains.map(([chain]) => `:${chain} - [0:0]`),
    ...chains.flatMap(([chain, lines]) => lines.map((line) => `-A ${chain} ${line}`)),
    'COMMIT',
    '',
  ].join('\n')
}

/** The engine's resolver asks these from inside the container's network; one of them may be a machine of ours. */
function dnsTo(nameServers: readonly string[]): string[] {
  return nameServers.flatMap((server) => ['udp', 'tcp'].map((protocol) => `-d ${server} -p ${protocol} --dport 53 -j RETURN`))
}
