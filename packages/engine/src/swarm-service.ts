// A dyno as Swarm is asked for it: a service of one replica that is never
// restarted, since the scheduler's crash rules decide about that. What Swarm's
// API cannot express is said in docs/design/095-swarm.md.
import type { CreateServiceOptions } from 'dockerode'
import type { Engine } from './client.ts'
import { DYNO_USER, type DynoSpec, LOCAL_LOG, MIB, OPEN_FILES, STACK_START } from './dynos-config.ts'
import type { DynoImage } from './dynos-image.ts'
import { labelsOf } from './labels.ts'
import { constraintTo } from './swarm-tasks.ts'

const NAME_MAX = 63 // a DNS label: letters, digits, dashes
/** Swarm's API has no `no-new-privileges` before 1.44, so the first program in the dyno takes them from all that follow. */
export const NO_NEW_PRIVILEGES = ['/usr/bin/setpriv', '--no-new-privs', '--']

/** The same for the same dyno, so that creating it twice finds the first. */
export function serviceName({ prefix }: Pick<Engine, 'prefix'>, spec: DynoSpec): string {
  const tail = `-${spec.number}-v${spec.release}-${spec.dynoId.slice(0, 8)}`
  return `${`${prefix}-${spec.app}-${spec.type}`.slice(0, NAME_MAX - tail.length)}${tail}`
}

export function serviceSpec(
  engine: Pick<Engine, 'prefix'>,
  spec: DynoSpec,
  host: { network: string; image: DynoImage; nodeId: string },
): CreateServiceOptions {
  const { appId, dynoId, release } = spec
  const labels = labelsOf(engine, { appId, dynoId, dynoName: `${spec.type}.${spec.number}`, release })
  return {
    Name: serviceName(engine, spec),
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        // By name, every node would first ask Docker Hub whether somebody there has a newer one.
        Image: host.image.id,
        ...commandOf(spec.command, host.image.onStack),
        Hostname: dynoId,
        Env: Object.entries(spec.env).map(([name, value]) => escapeTemplate(`${name}=${value}`)),
        User: DYNO_USER,
        Labels: labels,
        Init: true,
        StopSignal: 'SIGTERM',
        StopGracePeriod: spec.stopGraceMs * 1e6,
        CapabilityDrop: ['ALL'],
        Ulimits: [
          { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
      },
      Resources: { Limits: { MemoryBytes: spec.memoryMiB * MIB, Pids: spec.pids } },
      RestartPolicy: { Condition: 'none' },
      Placement: { Constraints: [constraintTo(host.nodeId)] },
      Networks: [{ Target: host.network }],
      LogDriver: { Name: LOCAL_LOG.Type, Options: LOCAL_LOG.Config },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'dnsrr' }, // a virtual address needs IPVS, and nobody asks for it
  } as CreateServiceOptions // whose types leave out `Init`, `CapabilityDrop` and `Ulimits`
}

/** Swarm expands Go templates in variables: what an app says is text. https://pkg.go.dev/text/template#hdr-Text_and_spaces */
export function escapeTemplate(text: string): string {
  return text.replaceAll('{{', '{{"{{"}}')
}

/** `Command` is the entry point here, `Args` what a container calls Cmd. */
function commandOf(command: string | null, onStack: boolean): { Command?: string[]; Args?: string[] } {
  if (command === null) return {} // a Dockerfile app without a Procfile: the image's own CMD
  return { Command: onStack ? [...NO_NEW_PRIVILEGES, STACK_START, command] : ['/bin/sh', '-c', command] }
}
