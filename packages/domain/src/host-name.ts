// What hosts and their labels may be called.

const NAME = /^[a-z0-9][a-z0-9-]{0,28}[a-z0-9]$/
const LABEL_KEY = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
export const MAX_LABELS = 32

/** Why this cannot be a new host's name; undefined: it can. */
export function refuseHostName(name: string): string | undefined {
  if (name === 'local') return '`local` is the platform’s own machine'
  if (!NAME.test(name))
    return `A host's name has 2 to 30 of a-z, 0-9 and -, and begins and ends with none of the -: ${name} does not`
  return undefined
}

/** Why this is no label; undefined: it is one. */
export function refuseLabel(key: string, value: string): string | undefined {
  if (!LABEL_KEY.test(key))
    return `${key} is not the name of a label: 1 to 63 of a-z, 0-9, . _ / and -, a letter or digit at both ends`
  if (!LABEL_VALUE.test(value)) {
    return `${value} is not a value of the label ${key}: 1 to 63 letters, digits, . _ and -, a letter or digit at both ends`
  }
  return undefined
}

export type LabelsChange = { kind: 'refused'; message: string } | { kind: 'changed'; labels: Record<string, string> }

/** The labels with these set; null removes one. */
export function planLabels(
  current: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): LabelsChange {
  const labels = new Map(Object.entries(current))
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) labels.delete(key)
    else {
      const message = refuseLabel(key, value)
      if (message) return { kind: 'refused', message }
      labels.set(key, value)
    }
  }
  if (labels.size > MAX_LABELS) return { kind: 'refused', message: `A host has at most ${MAX_LABELS} labels` }
  return { kind: 'changed', labels: Object.fromEntries([...labels].sort(([a], [b]) => (a < b ? -1 : 1))) }
}
