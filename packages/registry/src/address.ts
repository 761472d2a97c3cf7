// Where the registry listens and what its repositories are called: the one
// place that engines, tokens and clean-up agree on.
import type { Settings } from '@paas/contract/settings'
import { linkAddressOf } from '@paas/domain/host-subnet'

/** The platform's own machine among the hosts. */
const LOCAL_NUMBER = 1
const APP = /^app-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** Holds the images under every app's: stack and runtimes. Every push may take layers from it, none may change it. */
export const BASE_REPOSITORY = 'base'

/** This machine's link address: no container and nobody outside of the link reaches it. */
export function registryAddress({ linkSubnet }: Pick<Settings, 'linkSubnet'>): string {
  return linkAddressOf(linkSubnet, LOCAL_NUMBER)
}

/** `10.127.0.1:5443`: begins the names of images, and names the folder of certificates on every engine's machine. */
export function registryAuthority(settings: Pick<Settings, 'linkSubnet' | 'registryPort'>): string {
  return `${registryAddress(settings)}:${settings.registryPort}`
}

/** The app's own repository; one tag per build. */
export function repositoryOf(appId: string): string {
  return `app-${appId}`
}

/** Undefined for what is no app's repository. */
export function appOfRepository(repository: string): string | undefined {
  return APP.exec(repository)?.[1]
}
