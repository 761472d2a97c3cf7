// Where package tools of a build container find their registries: platform
// settings, else what this machine itself uses. Both may hold credentials, so
// they are environment and files of build containers only, never of an image.
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { TarEntry } from '@paas/engine/tar'
import { DYNO_UID } from '@paas/engine/tar'
import { readCaBundle } from '@paas/stack/site'

export interface Mirrors {
  env: Record<string, string>
  files: TarEntry[]
}

/** The environment the platform was started with. */
export type Machine = Readonly<Record<string, string | undefined>>

export interface MirrorSettings {
  npmRegistry: string | undefined
  pipIndexUrl: string | undefined
  caBundle: string | undefined
}

const PASSED_ON = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_TRUSTED_HOST', 'UV_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_EXTRA_INDEX_URL'],
  ...['PIP_DEFAULT_TIMEOUT', 'YARN_REGISTRY', 'YARN_NPM_REGISTRY_SERVER', 'COREPACK_NPM_REGISTRY'],
]
const NPM_KEY = /^\s*(registry|@[^:=\s]+:registry|\/\/[^=\s]+|proxy|https-proxy|noproxy|omit-lockfile-registry-resolved)\s*=/
const PIP_KEY = /^\s*(index-url|extra-index-url|trusted-host)\s*=\s*(.+?)\s*$/
const CA_VARIABLES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
]

/** Reads the machine's configuration anew, so that a changed mirror needs no restart. */
export async function findMirrors(settings: MirrorSettings, machine: Machine): Promise<Mirrors> {
  const env: Record<string, string> = {}
  const files: TarEntry[] = [{ name: 'paas', kind: 'directory' }]
  for (const name of PASSED_ON) {
    const value = machine[name]
    if (value) env[name] = value
  }

  const npmrc = await machineNpmrc(machine)
  if (settings.npmRegistry) npmrc.push(`registry=${settings.npmRegistry}`)
  else if (machine['npm_config_registry']) npmrc.push(`registry=${machine['npm_config_registry']}`)
  if (npmrc.length > 0) {
    files.push({ name: 'paas/npmrc', kind: 'file', content: `${npmrc.join('\n')}\n`, uid: DYNO_UID })
    env['NPM_CONFIG_GLOBALCONFIG'] = '/paas/npmrc' // weaker than the app's own .npmrc
    const registry = npmrc.findLast((line) => line.startsWith('registry='))?.slice('registry='.length)
    if (registry)
      Object.assign(env, { YARN_REGISTRY: registry, YARN_NPM_REGISTRY_SERVER: registry, COREPACK_NPM_REGISTRY: registry })
  }

  Object.assign(env, settings.pipIndexUrl ? { PIP_INDEX_URL: settings.pipIndexUrl } : await machinePipIndex(env))
  if (env['PIP_INDEX_URL']) env['UV_DEFAULT_INDEX'] ??= env['PIP_INDEX_URL']

  // The stack has both in its site layer; what the settings name may be newer. Tools take one file
  // in place of their own list, so it holds the machine's certificates too.
  if (settings.caBundle) {
    files.push({ name: 'paas/ca.pem', kind: 'file', content: await readCaBundle(settings.caBundle) })
    for (const name of CA_VARIABLES) env[name] = '/paas/ca.pem'
  }
  return { env, files }
}

async function machineNpmrc(machine: Machine): Promise<string[]> {
  const places = ['/etc/npmrc', '/usr/etc/npmrc', machine['NPM_CONFIG_USERCONFIG'] ?? path.join(homedir(), '.npmrc')]
  const texts = await Promise.all(places.map((place) => readFile(place, 'utf8').catch(() => '')))
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => NPM_KEY.test(line))
    .map((line) => line.trim().replace(/\s*=\s*/, '='))
    .map((line) => line.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name) => machine[name] ?? whole))
}

async function machinePipIndex(env: Record<string, string>): Promise<Record<string, string>> {
  const places = ['/etc/pip.conf', path.join(homedir(), '.pip/pip.conf'), path.join(homedir(), '.config/pip/pip.conf')]
  const texts = await Promise.all(places.map((place) => readFile(place, 'utf8').catch(() => '')))
  const found: Record<string, string> = {}
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const [, key, value] = PIP_KEY.exec(line) ?? []
    if (key && value) found[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] = value
  }
  return { ...found, ...Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('PIP_'))) }
}
