// A certificate as the decision about its renewal sees it.
import { X509Certificate } from 'node:crypto'
import type { CertificateLife } from '@paas/domain/certificate-renewal'

/** Of a certificate (PEM), beside the platform's authority (PEM). Throws for what is no certificate. */
export function lifeOf(certificate: string | Buffer | X509Certificate, authority: string | Buffer): CertificateLife {
  const own = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate)
  const issuer = new X509Certificate(authority)
  return {
    ours: own.checkIssued(issuer) && own.verify(issuer.publicKey),
    notBeforeMs: own.validFromDate.getTime(),
    notAfterMs: own.validToDate.getTime(),
  }
}
