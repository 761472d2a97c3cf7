// One Docker Engine: a dyno is a container on its app's bridge.
import { attachDyno } from './attach.ts'
import type { Engine } from './client.ts'
import type { DynoEngine } from './dyno-engine.ts'
import { endExec, execInDyno } from './dyno-exec.ts'
import { findContainerEnd, killContainer, lastLines, removeContainer, startDyno, stopContainer } from './dynos.ts'
import { listContainers, watchContainers } from './events.ts'
import { listHolders, startHolder } from './network-holder.ts'
import { appNetworkName, listAppNetworks, removeNetwork } from './networks.ts'
import { readMemoryBytes, readWrittenBytes } from './stats.ts'

export function dockerDynos(engine: Engine): DynoEngine {
  return {
    start: (spec) => startDyno(engine, spec),
    attach: (spec) => attachDyno(engine, spec),
    exec: (id, spec) => execInDyno(engine, id, spec),
    endExec: (id, execId) => endExec(engine, id, execId),
    list: (belongs, deadlineMs) => listContainers(engine, belongs, deadlineMs),
    watch: (onChange, signal) => watchContainers(engine, onChange, signal),
    findEnd: (id) => findContainerEnd(engine, id),
    stop: (id, graceMs) => stopContainer(engine, id, graceMs),
    kill: (id) => killContainer(engine, id),
    remove: (id) => removeContainer(engine, id),
    lastLines: (id, count) => lastLines(engine, id, count),
    readMemoryBytes: (id) => readMemoryBytes(engine, id),
    readWrittenBytes: (id) => readWrittenBytes(engine, id),
    prepareNetwork: (app) => startHolder(engine, app),
    listPrepared: (appId) => listHolders(engine, appId),
    listAppNetworks: () => listAppNetworks(engine),
    removeAppNetwork: (appId) => removeNetwork(engine, appNetworkName(engine, appId)),
    gateway: undefined,
  }
}
