import type { Documents } from '../objects/documents.ts'
import type { PlannedNode } from './documents.ts'
import { recordHost } from './known-hosts-record.ts'
import {
  entriesFor,
  fingerprintOf,
  type HostKeyJudgement,
  judgeHostKey,
  type KnownHosts,
  keyTypesOf,
  knownHostsLine,
} from './ssh/known-hosts.ts'

export interface HostKey extends HostKeyJudgement {
  readonly node: PlannedNode
  readonly key: Buffer
  /** As `ssh-keygen -l` shows it. */
  readonly fingerprint: string
}

export type ScanHostKey = (target: PlannedNode, keyTypes: readonly string[]) => Promise<Buffer>

export interface TrustPorts {
  readonly documents: Documents
  readonly knownHosts: KnownHosts
  readonly scan: ScanHostKey
}

/** What a node shows as its key now, and what is known of it. */
export async function showHostKey({ knownHosts, scan }: TrustPorts, node: PlannedNode): Promise<HostKey> {
  const known = entriesFor(await knownHosts(), node.address, node.port)
  const key = await scan(node, keyTypesOf(known))
  return { node, key, fingerprint: fingerprintOf(key), ...judgeHostKey(known, key) }
}

/** Records a key that a person has seen. One that takes the place of another that was recorded replaces it. */
export async function trustHostKey(
  { documents }: Pick<TrustPorts, 'documents'>,
  { node, key }: HostKey,
): Promise<void> {
  await recordHost(documents, knownHostsLine(node.address, node.port, key))
}
