import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { neededFilesIn } from '../../src/channels/needed-files.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { documentsOn } from '../../src/objects/documents.ts'
import { freshDocuments } from '../../src/objects/fresh-documents.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import { amenderOn } from '../../src/registry/amender.ts'
import { catalogIn } from '../../src/registry/catalog.ts'
import { claimOf } from '../../src/registry/claim.ts'
import { committerOn } from '../../src/registry/committer.ts'
import { FinishedPages } from '../../src/registry/finished-pages.ts'
import { inspectArchive } from '../../src/registry/inspection.ts'
import { pagesOf } from '../../src/registry/pages.ts'
import { projectsIn } from '../../src/registry/projects.ts'
import { publish } from '../../src/registry/publish.ts'
import { segmentsIn } from '../../src/registry/segments.ts'
import type { StagedFile } from '../../src/registry/staging/staging.ts'
import type { BuiltArchive } from './wheels.ts'

/** The registry of one process on a store, without HTTP and threads. */
export function registryOn(store: ObjectStore, clock: Clock = systemClock) {
  const documents = documentsOn(store)
  const fresh = freshDocuments(documents, systemClock, { maxBytes: 1_000_000, maxAge: 0 })
  const segments = segmentsIn(documents, 1_000_000)
  const catalog = catalogIn(documents)
  const projects = projectsIn(fresh, segments)
  const committer = committerOn(documents, fresh, catalog, segments)
  const ports = {
    store,
    projects,
    committer,
    clock,
  }
  return {
    projects,
    committer,
    catalog,
    documents,
    amender: amenderOn({ documents, segments, clock: systemClock, neededBy: neededFilesIn(documents) }),
    pages: pagesOf(projects, catalog, 'http://127.0.0.1', new FinishedPages(1_000_000)),
    async publish(archive: BuiltArchive, folder: string, fields: Readonly<Record<string, string>>) {
      // A path of its own: a publish that failed may still be reading its file when the next one begins.
      const path = join(folder, `${randomUUID()}-${archive.filename}`)
      await writeFile(path, archive.bytes)
      const upload = {
        claim: claimOf(formOf(archive, fields), archive.filename, rules),
        staged: staged(path, archive),
        by: 'ci',
      }
      return await publish(ports, upload)
    },
  }
}

const rules = { allowLocalVersions: true, allowLinuxTags: true }

function formOf(archive: BuiltArchive, fields: Readonly<Record<string, string>>): Map<string, string[]> {
  const filetype = archive.filename.endsWith('.whl') ? 'bdist_wheel' : 'sdist'
  const pyversion = archive.filename.endsWith('.whl') ? 'py3' : 'source'
  const all = {
    ':action': 'file_upload',
    protocol_version: '1',
    filetype,
    pyversion,
    sha256_digest: archive.sha256,
    ...fields,
  }
  return new Map(Object.entries(all).map(([name, value]) => [name, [value]]))
}

function staged(path: string, archive: BuiltArchive): StagedFile {
  return {
    path,
    sink: new Writable(),
    result: () => ({ size: archive.bytes.length, digests: { sha256: archive.sha256 } }),
    inspect: (filename) => inspectArchive(path, filename),
    discard: () => undefined,
  }
}
