// What is wrong with a host, and what to do about it: read from what the
// scheduler found and what was asked of it.
import { certificatesOf } from './host-certificates.ts'
import { isAhead } from './host-rows.ts'
import type { Host } from './objects.ts'
import { formatBytes, formatTime } from './terminal.ts'

/** The scheduler notes every 10 s that an engine answers. */
const SILENT_MS = 60_000
const DISK_LOW_BYTES = 5_000_000_000
const DISK_LOW_SHARE = 0.1
const DISK_FULL_BYTES = 2 * 1024 ** 3 // as `isDiskFull` in packages/domain

export interface Finding {
  /** `note`: as it was asked for, or over by itself. */
  level: 'wrong' | 'note'
  what: string
  todo: string
}

export function findingsOf(host: Host, all: readonly Host[], nowMs: number): Finding[] {
  return [
    ...conditionOf(host),
    ...wishesOf(host, nowMs),
    ...swarmOf(host),
    ...certificatesOf(host, nowMs),
    ...diskOf(host),
    ...contactOf(host, nowMs),
    ...versionOf(host, all),
  ]
}

function conditionOf({ name, condition, reason, engine_url, steps, local }: Host): Finding[] {
  const because = reason ? `: ${reason}` : ''
  if (condition === 'failed') {
    const step = steps.find(({ state }) => state === 'failed')?.name
    const what = `it could not join${step ? ` (${step})` : ''}${because}`
    return [wrong(what, `Repair that, then \`paas hosts:add ${name}\` again, or \`paas hosts:remove ${name}\`.`)]
  }
  if (condition === 'lost') {
    const todo = `Look whether the machine runs. It comes back by itself; one that is gone for good: \`paas hosts:remove ${name} --force\`.`
    return [wrong(`it is lost, its dynos are replaced elsewhere${because}`, todo)]
  }
  if (condition === 'sick') {
    const todo = local
      ? 'Restart Docker: systemctl restart docker.'
      : `Look at its engine: \`systemctl status docker\` there, and ${engine_url} from here.`
    return [wrong(`it is sick, nothing new is placed on it${because}`, todo)]
  }
  if (condition === 'joining') {
    const step = steps.at(-1)
    return [note(`it is joining${step ? `: ${step.name}` : ''}`, 'Wait; `paas hosts:info` shows what became of it.')]
  }
  return []
}

function wishesOf({ name, draining, cordoned, dynos, distrust_until }: Host, nowMs: number): Finding[] {
  const found: Finding[] = []
  if (draining) {
    const what =
      dynos > 0 ? `it is being drained, ${dynos} ${dynos === 1 ? 'dyno is' : 'dynos are'} still on it` : 'it is drained'
    found.push(note(what, `\`paas hosts:remove ${name}\` takes it away, \`paas hosts:drain ${name} --stop\` uses it again.`))
  } else if (cordoned)
    found.push(note('it is cordoned, nothing new is placed on it', `\`paas hosts:uncordon ${name}\` uses it again.`))
  if (isAhead(distrust_until, nowMs)) {
    found.push(
      note(
        `it was lost and is not trusted before ${formatTime(distrust_until!)}`,
        'Wait; if it happens often, look at its network and power.',
      ),
    )
  }
  return found
}

function swarmOf({ name, condition, node_trouble, strangers }: Host): Finding[] {
  const found: Finding[] = []
  if (node_trouble && condition === 'up') {
    const todo = `\`docker node ls\` on the platform's machine says more. One that left the swarm: \`paas hosts:drain ${name}\`, \`paas hosts:remove ${name}\`, and add it again.`
    found.push(wrong(`nothing new is placed on it: ${node_trouble}`, todo))
  }
  if (strangers.length > 0) {
    const what = `${strangers.join(', ')} ${strangers.length === 1 ? 'is a node of its swarm and no host' : 'are nodes of its swarm and no hosts'}: no dynos there`
    found.push(note(what, 'To use one: `docker swarm leave` there, then `paas hosts:add`, and it joins again as a host.'))
  }
  return found
}

function diskOf({ disk: { free, total } }: Host): Finding[] {
  if (free === null || (free >= DISK_LOW_BYTES && (total === null || free >= total * DISK_LOW_SHARE))) return []
  const what = `its disk has ${formatBytes(free)} free${free < DISK_FULL_BYTES ? ', nothing new is placed on it' : ''}`
  return [wrong(what, 'Free some: `docker system df` there says what takes it.')]
}

function contactOf({ condition, last_seen }: Host, nowMs: number): Finding[] {
  if (condition !== 'up' || last_seen === null || nowMs - Date.parse(last_seen) < SILENT_MS) return []
  const todo = 'Is the scheduler running? `./bin/status` on the platform’s machine tells.'
  return [wrong(`nobody has noted since ${formatTime(last_seen)} that its engine answers`, todo)]
}

/** Only beside others: a host alone has nothing to differ from. */
function versionOf({ local, engine_version }: Host, all: readonly Host[]): Finding[] {
  const ours = all.find((host) => host.local)?.engine_version
  if (local || !ours || !engine_version || major(engine_version) >= major(ours)) return []
  return [
    note(
      `its engine is Docker ${engine_version}, older than the platform's own ${ours}`,
      'Upgrade it when it suits: drain it first.',
    ),
  ]
}

function major(version: string): number {
  return Number.parseInt(version, 10)
}

const wrong = (what: string, todo: string): Finding => ({ level: 'wrong', what, todo })
const note = (what: string, todo: string): Finding => ({ level: 'note', what, todo })
