// Which addresses belong to which host: its link address, and the range that
// its app networks are taken from. Decided by the host's number alone, so that
// no host has to be asked. Number 1 is the platform's own machine, whose app
// networks keep the platform's own range.
import { invariant } from './errors.ts'

/** 256 networks of a /26 for each host. */
export const HOST_SUBNET_BITS = 18

/** `10.127.0.2` for host 2 of `10.127.0.0/16`. Throws when the range has no such address. */
export function linkAddressOf(linkSubnet: string, number: number): string {
  const { base, bits } = parse(linkSubnet)
  invariant(number >= 1 && number < 2 ** (32 - bits) - 1, `${linkSubnet} has no address for host ${number}`)
  return format(base + number)
}

/** `10.128.64.0/18` for host 3 of `10.128.0.0/10`: the first is host 2's. */
export function appSubnetOf(hostSubnets: string, number: number): string {
  const { base, bits } = parse(hostSubnets)
  invariant(number >= 2 && number <= maxHosts(hostSubnets), `${hostSubnets} has no range for host ${number} (/${bits})`)
  return `${format(base + (number - 2) * 2 ** (32 - HOST_SUBNET_BITS))}/${HOST_SUBNET_BITS}`
}

/** The highest number a host can have. */
export function maxHosts(hostSubnets: string): number {
  const { bits } = parse(hostSubnets)
  return bits > HOST_SUBNET_BITS ? 1 : 2 ** (HOST_SUBNET_BITS - bits) + 1
}

function parse(range: string): { base: number; bits: number } {
  const [address = '', bits] = range.split('/')
  const base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  invariant(Number.isInteger(base) && bits !== undefined, `${range} is not an IPv4 range`)
  return { base: base - (base % 2 ** (32 - Number(bits))), bits: Number(bits) }
}

function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
