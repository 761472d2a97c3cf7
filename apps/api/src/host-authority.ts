// The platform's certificate authority as the api needs it: whoever starts the
// api holds its key and gives it these.
import type { HostCredentials } from '@paas/store/hosts'

export interface HostAuthority {
  /** Its own certificate (PEM). */
  certificate(): string
  /** What the platform shows an engine that trusts its authority: the authority, a client's certificate and its key. */
  issueClient(): Promise<HostCredentials>
  /** A certificate for the engine at this address. Throws `invalid_params` for what is no signing request, or not of the key it names. */
  signServer(request: { csr: string; address: string }): Promise<{ ca: string; cert: string }>
}
