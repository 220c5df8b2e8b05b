import type { RemoteHosts } from '../remote-host.ts'
import type { ScanHostKey } from '../trust-hosts.ts'
import type { KnownHosts } from './known-hosts.ts'

/** The SSH library takes 15 MB, which an index that deploys nothing does without. */
export function sshWhenNeeded(knownHosts: KnownHosts, ownAgent: string | undefined): RemoteHosts {
  let loaded: Promise<RemoteHosts> | undefined
  return {
    async connect(target, options) {
      loaded ??= import('./ssh2-hosts.ts').then(({ ssh2Hosts }) => ssh2Hosts(knownHosts, { ownAgent }))
      return await (await loaded).connect(target, options)
    },
  }
}

export function scanWhenNeeded(knownHosts: KnownHosts, ownAgent: string | undefined): ScanHostKey {
  return async (target, keyTypes) => {
    const { scanHostKey } = await import('./scan-host-key.ts')
    return await scanHostKey(knownHosts, { ...target, keyPath: target.key }, keyTypes, ownAgent)
  }
}
