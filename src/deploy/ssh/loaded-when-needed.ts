import type { RemoteHosts } from '../remote-host.ts'
import type { scanHostKey } from './scan-host-key.ts'

/** The SSH library takes 15 MB, which an index that deploys nothing does without. */
export function sshWhenNeeded(knownHosts: () => Promise<string>): RemoteHosts {
  return {
    async connect(target, signal) {
      const { ssh2Hosts } = await import('./ssh2-hosts.ts')
      return await ssh2Hosts(knownHosts).connect(target, signal)
    },
  }
}

export const scanWhenNeeded: typeof scanHostKey = async (target, keyTypes) =>
  (await import('./scan-host-key.ts')).scanHostKey(target, keyTypes)
