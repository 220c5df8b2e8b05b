import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { type DocumentType, documentsOn } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectEntry, ObjectStore } from '../objects/object-store.ts'
import { copyBytes, copyDocument } from './copy-object.ts'
import { inParallel } from './in-parallel.ts'

/** Stands in the target from before the first object until after the last: nothing starts on it meanwhile. */
const markDocument: DocumentType<{ readonly from: string }> = {
  name: 'mark of a copy',
  format: 1,
  schema: z.object({ from: z.string() }),
}

export interface CopyPorts {
  readonly source: ObjectStore
  readonly target: ObjectStore
  /** How the source is called: a copy is gone on with from the same one only. */
  readonly from: string
  /** A folder that has room for a few of the largest files. */
  readonly scratch: string
  readonly progress: (counts: CopyCounts) => void
}

export interface CopyCounts {
  /** Objects looked at, and those of them that had to be copied. */
  readonly objects: number
  readonly copied: number
  readonly bytes: number
}

const filesAtOnce = 4
const documentsAtOnce = 16

/**
 * Copies a store into an empty one, bytes before the documents that name them, each read back and compared. Cut off, it
 * goes on where it stopped. Rejects with `conflict` where the source is written to meanwhile (its documents would be of no
 * one moment), where the target holds something else, or where bytes of the source are not what their key says.
 */
export async function copyStore(ports: CopyPorts): Promise<CopyCounts> {
  const { source, target } = ports
  const before = await listingOf(source)
  if (before.size === 0) throw new DomainError('not-found', `There is nothing in ${ports.from}.`)
  if (before.has(keys.copyMark)) throw new DomainError('conflict', `${ports.from} is an unfinished copy itself.`)
  await markTarget(ports)
  let counts: CopyCounts = { objects: 0, copied: 0, bytes: 0 }
  const count = (copied: boolean, { size }: ObjectEntry) => {
    counts = {
      objects: counts.objects + 1,
      copied: counts.copied + Number(copied),
      bytes: counts.bytes + (copied ? size : 0),
    }
    ports.progress(counts)
  }
  const [files, documents] = [[...before.values()].filter(isFile), [...before.values()].filter((one) => !isFile(one))]
  await inParallel(filesAtOnce, files, async (entry) => count(await copyBytes(ports, entry.key), entry))
  await inParallel(documentsAtOnce, documents, async (entry) => count(await copyDocument(ports, entry.key), entry))
  await removeOthers(target, before)
  await refuseIfChanged(source, before)
  await target.delete(keys.copyMark)
  return counts
}

async function markTarget({ target, from }: CopyPorts): Promise<void> {
  const documents = documentsOn(target)
  const mark = await documents.read(markDocument, keys.copyMark)
  if (mark?.value.from === from) return
  const [first] = await take(target.list(''), 1)
  if (mark === undefined && first === undefined) {
    await documents.create(markDocument, keys.copyMark, { from })
    return
  }
  const what =
    mark === undefined ? `holds something already («${first}»)` : `is an unfinished copy of ${mark.value.from}`
  throw new DomainError('conflict', `The target ${what}, and nothing in it is written over. Name one that is empty.`)
}

async function take(entries: AsyncIterable<ObjectEntry>, count: number): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of entries) {
    if (!isPassing(key)) found.push(key)
    if (found.length >= count) break
  }
  return found
}

type Listing = ReadonlyMap<string, ObjectEntry>

async function listingOf(store: ObjectStore): Promise<Listing> {
  const found = new Map<string, ObjectEntry>()
  for await (const entry of store.list('')) if (!isPassing(entry.key)) found.set(entry.key, entry)
  return found
}

/** Means something to a running process only. */
function isPassing(key: string): boolean {
  return key.startsWith('probe/') || key === keys.sweepTurn
}

function isFile({ key }: ObjectEntry): boolean {
  return key.startsWith(keys.filePrefix)
}

/** What an earlier, unfinished run brought and the source has no more. */
async function removeOthers(target: ObjectStore, source: Listing): Promise<void> {
  const others: string[] = []
  for await (const { key } of target.list('')) if (!source.has(key) && key !== keys.copyMark) others.push(key)
  await inParallel(documentsAtOnce, others, (key) => target.delete(key))
}

async function refuseIfChanged(source: ObjectStore, before: Listing): Promise<void> {
  const after = await listingOf(source)
  const changed = [...after.keys(), ...before.keys()].find(
    (key) => after.get(key)?.version !== before.get(key)?.version,
  )
  if (changed === undefined) return
  const text =
    `Somebody writes to the source («${changed}» changed during the copy), so that the copy would be of no one moment. ` +
    'Stop all servers and workers on it, and run the same command again: it goes on where it stopped.'
  throw new DomainError('conflict', text, { key: changed })
}
