// placement in fleets of 10 to 10,000 hosts, against fixed times and first-fit-decreasing
//
// No engine takes part: this is the decision alone, as the scheduler makes it,
// from nothing (a full plan), for one dyno more, and for those of a lost host.
// What was decided is counted anew from hosts and dynos: a fast wrong answer
// misses the bar as a slow one does.
import { type Bar, finish, median, printTable, say } from '../report.ts'
import { type Measured, measure, type Packed } from './measure.ts'

const SIZES = [10, 100, 1_000, 10_000]
const MIB = 1024 * 1024

const all = SIZES.map((hosts) => {
  say(`${number(hosts)} hosts`)
  return measure(hosts)
})
if (!process.argv.includes('--json')) {
  printTimes()
  printPacked()
  printFaults()
}
finish([...timeBars(all.at(-1)!), ...all.flatMap(resultBars)], all.map(summary))

function printTimes(): void {
  printTable(
    ['hosts', 'dynos', 'full plan s', 'slowest', 'one dyno ms', 'p99', 'host lost ms', 'p99', 'index from rows ms', 'heap MiB'],
    all.map(({ hosts, dynos, planMs, oneMs, lossMs, rebuildMs, heapBytes }) => [
      ...[number(hosts), number(dynos), median(planMs) / 1000, Math.max(...planMs) / 1000],
      ...[median(oneMs), percentile(oneMs, 99), median(lossMs), percentile(lossMs, 99)],
      ...[median(rebuildMs).toFixed(1), Math.max(0, heapBytes / MIB).toFixed(1)],
    ]),
  )
  console.log('')
}

function printPacked(): void {
  printTable(
    ['hosts', 'packed on', 'one by one', 'first-fit-decr.', 'odd sizes: on', 'one by one', 'first-fit-decr.'],
    all.map(({ hosts, packed: { even, odd } }) =>
      [hosts, ...[even, odd].flatMap((of) => [of.largestFirst, of.oneByOne, of.firstFitDecreasing])].map(number),
    ),
  )
  console.log('')
}

function printFaults(): void {
  printTable(
    ['hosts', 'types uneven', 'uneven over zones', 'misplaced', 'hosts overfull', 'not the best host'],
    all.map(({ hosts, faults, packed: { even, odd } }) =>
      [
        ...[hosts, faults.uneven, faults.unevenZones, faults.misplaced],
        ...[faults.overfull + even.wrong + odd.wrong, faults.unlikeExplained],
      ].map(number),
    ),
  )
  console.log('')
}

function timeBars({ hosts, planMs, oneMs, lossMs }: Measured): Bar[] {
  const at = `${number(hosts)} hosts`
  return [
    { name: `${at}: full plan to 2 s`, ratio: median(planMs) / 2_000, atMost: 1 },
    { name: `${at}: p99 of one dyno to 2 ms`, ratio: percentile(oneMs, 99) / 2, atMost: 1 },
    { name: `${at}: p99 of a lost host to 50 ms`, ratio: percentile(lossMs, 99) / 50, atMost: 1 },
  ]
}

function resultBars({ hosts, packed, faults }: Measured): Bar[] {
  const at = `${number(hosts)} hosts`
  const wrong = packed.even.wrong + packed.odd.wrong + Object.values(faults).reduce((a, b) => a + b)
  const toFirstFit = (of: Packed) => of.largestFirst / of.firstFitDecreasing
  return [
    { name: `${at}: packed, to first-fit-decreasing`, ratio: toFirstFit(packed.even), atMost: 1.05 },
    { name: `${at}: packed in odd sizes, to first-fit-decreasing`, ratio: toFirstFit(packed.odd), atMost: 1.05 },
    { name: `${at}: uneven or wrong, to none`, ratio: wrong, atMost: 0 },
  ]
}

function summary({ planMs, oneMs, lossMs, rebuildMs, ...rest }: Measured): object {
  const times = Object.entries({ planMs, oneMs, lossMs, rebuildMs })
  return {
    ...rest,
    times: Object.fromEntries(times.map(([name, ms]) => [name, { median: median(ms), p99: percentile(ms, 99) }])),
  }
}

/** The smallest value that is not below so many percent of all. */
function percentile(values: readonly number[], percent: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil((values.length * percent) / 100) - 1] ?? Number.NaN
}

function number(value: number): string {
  return value.toLocaleString('en')
}
