// What a machine's kernel says of the work it does. Formats: proc(5).

/** In MiB: what could not be had for something else. `text` is /proc/meminfo; undefined when it says nothing. */
export function usedMemoryMiB(text: string): number | undefined {
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN)
  const used = kib('MemTotal') - kib('MemAvailable')
  return Number.isNaN(used) ? undefined : Math.round(used / 1024)
}

/** Ticks since boot, of all cores together. */
export interface CpuTicks {
  busy: number
  all: number
}

/** `text` is /proc/stat; undefined when it says nothing. */
export function cpuTicks(text: string): CpuTicks | undefined {
  const fields = /^cpu +(.+)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number)
  if (!fields || fields.length < 5 || fields.some(Number.isNaN)) return undefined
  // user nice system idle iowait irq softirq steal; guest time is in user's already.
  const all = fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0)
  return { all, busy: all - fields[3]! - fields[4]! }
}

/** Cores' worth of work between two looks; undefined when the machine was started anew in between. */
export function usedCpus(before: CpuTicks, after: CpuTicks, cpus: number): number | undefined {
  const passed = after.all - before.all
  if (passed <= 0 || after.busy < before.busy) return undefined
  return ((after.busy - before.busy) / passed) * cpus
}
