import { type Channels, channelsDocument } from '../channels/model.ts'
import { lockDocument, requestDocument } from '../deploy/documents.ts'
import { serviceDocument } from '../deploy/service-state.ts'
import type { Documents, DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { listed } from '../registry/amendments.ts'
import { projectDocument } from '../registry/model.ts'
import type { Segments } from '../registry/segments.ts'
import type { Finding } from './findings.ts'
import { readable } from './read-or.ts'

export interface ReferenceCheck {
  readonly documents: Documents
  readonly segments: Segments
  readonly report: (finding: Finding) => void
}

/** What points at files and deploys points at some that are there. Whatever cannot be read was reported before. */
export async function checkReferences(check: ReferenceCheck): Promise<void> {
  for await (const [key, channels] of documentsIn(check, 'channels/', channelsDocument))
    await checkChannels(check, key, channels)
  for await (const [key, lock] of documentsIn(check, 'locks/', lockDocument)) {
    for (const { url } of lock.files) {
      const [, folder, project = '', sha256 = '', filename = ''] = url.split('/')
      if (folder !== 'files' || !url.startsWith('/')) continue
      const there = await isListed(check, project, decodeURIComponent(filename), sha256)
      if (!there) check.report({ id: 'lock-file-gone', key, detail: url })
    }
  }
  for await (const [key, state] of documentsIn(check, keys.servicePrefix, serviceDocument)) {
    const service = key.slice(keys.servicePrefix.length, -'.json'.length)
    for (const deploy of [state.running, state.waiting, state.gated]) {
      if (deploy === undefined) continue
      const request = await readable(() => check.documents.read(requestDocument, keys.deployRequest(service, deploy)))
      if (request === undefined) check.report({ id: 'deploy-dangling', key, detail: deploy })
    }
  }
}

async function checkChannels(check: ReferenceCheck, key: string, channels: Channels): Promise<void> {
  const project = key.slice('channels/'.length, -'.json'.length)
  for (const [channel, history] of Object.entries(channels)) {
    for (const { filename, sha256 } of history.at(-1)?.files ?? []) {
      if (await isListed(check, project, filename, sha256)) continue
      check.report({ id: 'channel-file-gone', key, detail: `${channel}: ${filename}` })
    }
  }
}

async function isListed({ documents, segments }: ReferenceCheck, project: string, filename: string, sha256: string) {
  const head = (await readable(() => documents.read(projectDocument, keys.project(project))))?.value
  const record = head && (await readable(() => segments.find(head, filename)))
  return head !== undefined && record?.sha256 === sha256 && listed(head, record) !== undefined
}

async function* documentsIn<T>(
  { documents }: ReferenceCheck,
  prefix: string,
  type: DocumentType<T>,
): AsyncIterable<[string, T]> {
  for await (const { key } of documents.store.list(prefix)) {
    const found = await readable(() => documents.read(type, key))
    if (found !== undefined) yield [key, found.value]
  }
}
