import { expect, it } from 'vitest'
import { linkRules, restoreText } from './firewall-rules.ts'
import { parseLink } from './link.ts'
import { type LinkWanted, wantedText } from './link-wanted.ts'

const key = `${'A'.repeat(43)}=`
const wanted: LinkWanted = {
  address: '10.127.0.1',
  listenPort: 51820,
  peers: [{ publicKey: key, endpoint: '192.0.2.7:51820', allowedIps: ['10.127.0.2/32', '10.128.0.0/18'] }],
  ranges: ['10.128.0.0/10', '10.127.0.0/16'],
  rules: [],
}
const peer = wanted.peers[0]!

it('writes assignments that a shell reads', () => {
  const text = wantedText(wanted)
  expect(text).toContain("address='10.127.0.1'\nport='51820'\n")
  expect(text).toContain("endpoints='192.0.2.7'\nroutes='10.127.0.2/32 10.128.0.0/18'\n")
  expect(text).toContain(`[Peer]\nPublicKey = ${key}\nEndpoint = 192.0.2.7:51820\nAllowedIPs = 10.127.0.2/32, 10.128.0.0/18\n`)
  expect(text).toContain("ranges='10.128.0.0/10 10.127.0.0/16'\n")
})

it.each([
  { title: 'an address', change: { address: "10.127.0.1'; reboot; '" } },
  { title: 'a key', change: { peers: [{ ...peer, publicKey: `${key}\nPostUp = reboot` }] } },
  { title: 'an endpoint by name', change: { peers: [{ ...peer, endpoint: 'host.example:51820' }] } },
  { title: 'an endpoint with more behind it', change: { peers: [{ ...peer, endpoint: '192.0.2.7:51820\n[Peer]' }] } },
  { title: 'a range', change: { peers: [{ ...peer, allowedIps: ['10.128.0.0/18 dev eth0'] }] } },
  { title: 'a range of the platform', change: { ranges: ['10.0.0.0/8; reboot'] } },
  { title: 'a quote in a rule', change: { rules: [{ chains: { c: ["-j '$(reboot)'"] }, hooks: [] }] } },
])('refuses $title that is none', ({ change }) =>
  expect(() => wantedText({ ...wanted, ...change })).toThrowError(/^A link's .* cannot be/),
)

it('lets routers in from the link and nobody else, and no container out to it', () => {
  const names = { prefix: 'paas', bridges: 'paas-+', link: 'wg-paas' }
  const rules = linkRules(names, {
    routers: '10.127.0.1',
    ranges: ['10.128.0.0/10'],
    machines: [{ address: '192.0.2.7', tcpPorts: [443] }],
    tcpPorts: [5443],
    nameServers: [],
  })
  expect(restoreText([rules])).toMatchInlineSnapshot(`
    "*filter
    :paas-hosts - [0:0]
    :paas-entry - [0:0]
    :paas-wires - [0:0]
    -A paas-hosts -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
    -A paas-hosts -o wg-paas -j DROP
    -A paas-hosts -o paas-+ -j RETURN
    -A paas-hosts -d 10.128.0.0/10 -j DROP
    -A paas-hosts -d 192.0.2.7 -p tcp --dport 443 -j RETURN
    -A paas-hosts -d 192.0.2.7 -j DROP
    -A paas-entry -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
    -A paas-entry -i paas-+ -j RETURN
    -A paas-entry -i wg-paas -o paas-+ -s 10.127.0.1 -j ACCEPT
    -A paas-entry -j DROP
    -A paas-wires -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
    -A paas-wires -p icmp --icmp-type echo-request -j RETURN
    -A paas-wires -p tcp --dport 5443 -j RETURN
    -A paas-wires -j DROP
    COMMIT
    "
  `)
})

it("does the same for a swarm's gateway, but for ports that other services publish", () => {
  const names = { prefix: 'paas', bridges: 'paas-+', link: 'wg-paas' }
  const { chains, hooks } = linkRules(names, {
    ...{ routers: '10.127.0.1', ranges: ['10.128.0.0/10'], machines: [], tcpPorts: [], nameServers: [] },
    gateway: { bridge: 'docker_gwbridge', range: '10.213.0.0/16' },
  })
  expect(hooks).toContain('FORWARD -i docker_gwbridge -j paas-hosts')
  expect(hooks).toContain('FORWARD -o docker_gwbridge -j paas-entry')
  expect(chains['paas-entry']).toContain('-i wg-paas -o docker_gwbridge -s 10.127.0.1 -j ACCEPT')
  expect(chains['paas-entry']).toContain('! -i wg-paas -o docker_gwbridge -m conntrack --ctstate DNAT -j RETURN')
  expect(chains['paas-hosts']).not.toContain('-o docker_gwbridge -j RETURN')
})

it('reads what the link says of itself', () => {
  const text = `wireguard-go\t1420\t1700000100\n${key}\t192.0.2.7:51820\t1700000070\t180\t272\n${key}\t(none)\t0\t0\t0\n`
  expect(parseLink(text)).toEqual({
    device: 'wireguard-go',
    mtu: 1420,
    peers: [
      { publicKey: key, endpoint: '192.0.2.7:51820', handshakeAgeMs: 30_000, receivedBytes: 180, sentBytes: 272 },
      { publicKey: key, endpoint: undefined, handshakeAgeMs: undefined, receivedBytes: 0, sentBytes: 0 },
    ],
  })
})
