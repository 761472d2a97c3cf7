// hosts:credentials: another certificate and key for an engine whose authority
// is not the platform's, and which the platform therefore cannot renew.
import { path } from '../api.ts'
import { command } from '../command.ts'
import { Failure } from '../failure.ts'
import { readCredentials } from '../host-files.ts'
import type { Host } from '../objects.ts'
import { formatTime } from '../terminal.ts'

export const credentials = command({
  args: 'NAME',
  flags: { 'cert-path': { value: 'DIR', summary: 'folder of ca.pem, cert.pem and key.pem for it (DOCKER_CERT_PATH)' } },
  details: 'They are tried with its engine before they take the place of those before; what runs there goes on.',
  examples: ['paas hosts:credentials h2 --cert-path ~/.docker/h2'],
  async run(context, { args: [name], flags }) {
    const folder = flags['cert-path'] ?? context.env['DOCKER_CERT_PATH']
    if (!folder) throw new Failure('--cert-path is missing.', { hint: 'The folder of ca.pem, cert.pem and key.pem.' })
    const body = readCredentials(context.cwd, folder)
    await context.progress(`Replacing the credentials of ${name}`, async () => {
      const { certificates } = await context.api.call<Host>('PUT', path`/hosts/${name!}/credentials`, { body })
      return certificates.client ? `done, good until ${formatTime(certificates.client.expires_at)}` : 'done'
    })
  },
})
