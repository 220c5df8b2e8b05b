import type { Documents } from '../objects/documents.ts'
import type { PlannedNode } from './documents.ts'
import { recordHost } from './known-hosts-record.ts'
import {
  fingerprintOf,
  type HostKeyVerdict,
  keyTypesFor,
  knownHostsLine,
  parseKnownHosts,
  verdictFor,
} from './ssh/known-hosts.ts'

export interface HostKey {
  readonly node: PlannedNode
  readonly key: Buffer
  /** As `ssh-keygen -l` shows it. */
  readonly fingerprint: string
  readonly verdict: HostKeyVerdict
}

export type ScanHostKey = (target: PlannedNode, keyTypes: readonly string[]) => Promise<Buffer>

export interface TrustPorts {
  readonly documents: Documents
  readonly knownHosts: () => Promise<string>
  readonly scan: ScanHostKey
}

/** What a node shows as its key now, and what is known of it. */
export async function showHostKey({ knownHosts, scan }: TrustPorts, node: PlannedNode): Promise<HostKey> {
  const known = parseKnownHosts(await knownHosts())
  const key = await scan(node, keyTypesFor(known, node.address, node.port))
  return { node, key, fingerprint: fingerprintOf(key), verdict: verdictFor(known, node.address, node.port, key) }
}

/** Records a key that a person has seen. One that takes the place of another replaces it. */
export async function trustHostKey({ documents, knownHosts }: TrustPorts, { node, key }: HostKey): Promise<void> {
  const line = knownHostsLine(node.address, node.port, key)
  const name = line.split(' ')[0]
  const before = (await knownHosts()).split('\n').filter((one) => one !== line && one.split(' ')[0] === name)
  await recordHost(documents, line, before)
}
