// Reads a message of the route table without zod, whose schemas would cost
// every router process about 7 MB. The sender is our own scheduler (or our own
// file); the checks keep a torn or foreign message from half replacing the table.
import type { Route, TableMessage } from '@paas/contract/routes'

/** Throws when the text is not a whole table message. */
export function readTableMessage(text: string): TableMessage {
  const message: unknown = JSON.parse(text)
  if (!isTableMessage(message)) throw new Error('not a table message')
  return message
}

function isTableMessage(value: unknown): value is TableMessage {
  if (!isObject(value)) return false
  const { version, full, set, remove, lost = [] } = value
  if (typeof version !== 'number' || typeof full !== 'boolean') return false
  return isListOf(set, isRoute) && isListOf(remove, isText) && isListOf(lost, isText)
}

function isRoute(value: unknown): value is Route {
  if (!isObject(value)) return false
  const { appId, app, domains, maintenance, state, dynos } = value
  if (!isText(appId) || !isText(app) || !isText(state) || typeof maintenance !== 'boolean') return false
  return isListOf(domains, isText) && isListOf(dynos, isDyno)
}

function isDyno(value: unknown): boolean {
  return isObject(value) && isText(value['id']) && isText(value['name']) && isText(value['address']) && isPort(value['port'])
}

/** Connecting to any other number throws. */
function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
