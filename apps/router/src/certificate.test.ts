import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TLSSocket } from 'node:tls'
import { paths } from '@paas/contract/settings'
import { expect, it } from 'vitest'
import { openRig, route } from './rig.ts'

function issue(dataDir: string, name: string): void {
  const [cert, key] = [paths.certificate({ dataDir }), paths.certificateKey({ dataDir })]
  mkdirSync(path.dirname(cert), { recursive: true })
  const subject = ['-subj', `/CN=${name}`, '-days', '1', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
}

function ask(port: number): Promise<{ name: string | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const req = request({
      port,
      host: '127.0.0.1',
      headers: { Host: 'shop.example.com' },
      rejectUnauthorized: false,
      agent: false,
    })
    req.on('error', reject)
    req.on('response', (res) => {
      const subject = (res.socket as TLSSocket).getPeerCertificate().subject
      const name = Array.isArray(subject?.CN) ? subject.CN[0] : subject?.CN
      let text = ''
      res.on('data', (chunk) => (text += chunk))
      res.on('end', () => resolve({ name, text }))
    })
    req.end()
  })
}

it('opens HTTPS once there is a certificate, and takes a new one without a restart', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'router-tls-'))
  try {
    await using rig = await openRig({ certificateMs: 20 }, { runDir: dir, dataDir: dir })
    const dyno = await rig.backend((req, res) =>
      res.end(`${req.headers['x-forwarded-proto']} ${req.headers['x-forwarded-port']}`),
    )
    await rig.set(route('shop', [dyno]))
    expect(rig.router.httpsPort).toBeUndefined()
    issue(dir, 'first')
    const port = await rig.until(() => rig.router.httpsPort)
    expect(await ask(port)).toEqual({ name: 'first', text: `https ${port}` })
    expect(await rig.line(/status=200/)).toContain('protocol=https')
    issue(dir, 'second')
    await expect.poll(async () => (await ask(port)).name, { timeout: 8_000 }).toBe('second')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
