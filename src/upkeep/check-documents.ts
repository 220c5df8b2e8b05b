import { auditDocument } from '../audit/model.ts'
import { channelsDocument } from '../channels/model.ts'
import { observationDocument } from '../deploy/convergence/observation.ts'
import {
  controlsDocument,
  headDocument,
  joinedDocument,
  leaseDocument,
  lockDocument,
  planDocument,
  requestDocument,
} from '../deploy/documents.ts'
import { knownHostsDocument } from '../deploy/known-hosts-record.ts'
import { relocksDocument } from '../deploy/relock.ts'
import { serviceDocument } from '../deploy/service-state.ts'
import { storeIdDocument } from '../deploy/store-id.ts'
import { tokenDocument } from '../identity/token.ts'
import { noticeDocument } from '../notify/model.ts'
import type { Documents } from '../objects/documents.ts'
import { storeDocument } from '../objects/store-format.ts'
import { shardDocument } from '../registry/catalog.ts'
import type { Finding } from './findings.ts'
import { inParallel } from './in-parallel.ts'
import { readOr } from './read-or.ts'
import { sweepTurnDocument } from './sweeper.ts'

type Read = (documents: Documents, key: string) => Promise<unknown>

/** Everything that a key may be, besides bytes, heads and segments, which `check-project.ts` reads. */
const kinds: readonly (readonly [key: RegExp, read: Read])[] = [
  [/^(?:files\/[^/]+\/[0-9a-f]{64}\/[^/]+|projects\/[^/]+(?:\/\d+)?\.json)$/, async () => undefined],
  [/^catalog\/[0-9a-f]{2}\.json$/, (documents, key) => documents.read(shardDocument, key)],
  [/^channels\/[^/]+\.json$/, (documents, key) => documents.read(channelsDocument, key)],
  [/^locks\/[^/]+\/[^/]+\/[^/]+\.json$/, (documents, key) => documents.read(lockDocument, key)],
  [/^relocks\/[^/]+\/[^/]+\.json$/, (documents, key) => documents.read(relocksDocument, key)],
  [/^services\/[^/]+\.json$/, (documents, key) => documents.read(serviceDocument, key)],
  [/^observations\/[^/]+\.json$/, (documents, key) => documents.read(observationDocument, key)],
  [/^leases\/[^/]+\.json$/, (documents, key) => documents.read(leaseDocument, key)],
  [/^deploys\/[^/]+\/[^/]+\/request\.json$/, (documents, key) => documents.read(requestDocument, key)],
  [/^deploys\/[^/]+\/[^/]+\/plan\.json$/, (documents, key) => documents.read(planDocument, key)],
  [/^deploys\/[^/]+\/[^/]+\/joined\.json$/, (documents, key) => documents.read(joinedDocument, key)],
  [/^deploys\/[^/]+\/[^/]+\/head\.json$/, (documents, key) => documents.read(headDocument, key)],
  [/^deploys\/[^/]+\/[^/]+\/controls\.json$/, (documents, key) => documents.read(controlsDocument, key)],
  [/^deploys\/[^/]+\/[^/]+\/output\//, async () => undefined],
  [/^notices\/[^/]+\/[^/]+\.json$/, (documents, key) => documents.read(noticeDocument, key)],
  [/^tokens\/[^/]+\.json$/, (documents, key) => documents.read(tokenDocument, key)],
  [/^ssh\/known-hosts\.json$/, (documents, key) => documents.read(knownHostsDocument, key)],
  [/^audit\/[^/]+\/[^/]+\.json$/, (documents, key) => documents.read(auditDocument, key)],
  // A server that was killed while it proved the store leaves its scratch object.
  [/^(?:probe|upkeep\/before-repair)\//, async () => undefined],
  [/^store\.json$/, (documents, key) => documents.read(storeIdDocument, key)],
  [/^upkeep\/store\.json$/, (documents, key) => documents.read(storeDocument, key)],
  [/^upkeep\/sweep\.json$/, (documents, key) => documents.read(sweepTurnDocument, key)],
]

/** Every object has a key that is ours, and every document can be read. */
export async function checkDocuments(documents: Documents, report: (finding: Finding) => void): Promise<void> {
  await inParallel(8, documents.store.list(''), async ({ key }) => {
    const kind = kinds.find(([pattern]) => pattern.test(key))
    if (kind === undefined) return report({ id: 'object-unknown', key })
    await readOr(
      () => kind[1](documents, key),
      (detail) => report({ id: 'document-corrupt', key, detail }),
    )
  })
}
