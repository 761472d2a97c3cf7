// hosts:add: an engine that exists, or a bare machine that gets one. Either way
// the scheduler then makes a host of it, step after step, which is shown here.
import { command, waitFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { readCredentials } from '../host-files.ts'
import { followJoining } from '../host-follow.ts'
import type { Host } from '../objects.ts'

interface NewHost {
  engine_url: string
  credentials?: { ca: string; cert: string; key: string }
}

export const add = command({
  args: 'NAME',
  flags: {
    ...waitFlag,
    ssh: { value: 'USER@ADDR', summary: 'prepare this bare Debian or Ubuntu machine: Docker, certificates, firewall' },
    url: { value: 'URL', summary: 'an engine that exists: tcp://ADDR:2376' },
    'cert-path': { value: 'DIR', summary: 'folder of ca.pem, cert.pem and key.pem for it (DOCKER_CERT_PATH)' },
  },
  details: 'Adding a host moves nothing: new dynos use it, `paas hosts:rebalance` spreads those that run.',
  examples: ['paas hosts:add h2 --ssh root@192.0.2.7', 'paas hosts:add h2 --url tcp://192.0.2.7:2376 --cert-path ~/.docker/h2'],
  async run(context, { args, flags }) {
    const [name] = args as [string]
    if (flags.ssh !== undefined && (flags.url !== undefined || flags['cert-path'] !== undefined)) {
      throw new Failure('--ssh makes the engine itself: leave --url and --cert-path out.')
    }
    const host = flags.ssh === undefined ? existing(context, flags) : await prepared(context, name, flags.ssh)
    await context.progress(`Adding ${name}`, async () => {
      await context.api.call<Host>('POST', '/hosts', { body: { name, ...host } })
      return 'done'
    })
    if (flags['no-wait']) return
    await followJoining(context, name)
    context.note(`${name} is up: new dynos may be placed on it.`)
  },
})

function existing(context: Context, flags: { url?: string | undefined; 'cert-path'?: string | undefined }): NewHost {
  if (flags.url === undefined) {
    throw new Failure('Where is it?', {
      hint: '--ssh root@ADDR for a bare machine, --url tcp://ADDR:2376 --cert-path DIR for an engine that exists.',
    })
  }
  const folder = flags['cert-path'] ?? context.env['DOCKER_CERT_PATH']
  if (!folder) {
    throw new Failure('--cert-path is missing.', {
      hint: 'The folder of ca.pem, cert.pem and key.pem: without them nobody knows whose engine it is.',
    })
  }
  return { engine_url: flags.url, credentials: readCredentials(context.cwd, folder) }
}

async function prepared(context: Context, name: string, target: string): Promise<NewHost> {
  const { prepareMachine } = await import('../host-ssh.ts')
  return { engine_url: await prepareMachine(context, name, target) }
}
