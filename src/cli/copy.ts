import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { DomainError } from '../errors.ts'
import { type OpenStore, openLocation } from '../store.ts'
import { type CopyCounts, copyStore } from '../upkeep/copy.ts'
import { removeScratchFolders, scratchFolder } from '../upkeep/scratch-folder.ts'
import type { Terminal } from './command.ts'
import { counted, progressLine, sizeText } from './progress.ts'

interface Options {
  readonly from: string
  readonly to: string
}

/** `wheelhouse copy`: a store from disk to S3, from S3 to disk, or from one of them to another of its kind. */
export function copyCommand(terminal: Terminal): Command {
  return new Command('copy')
    .description('copy a whole store that nobody writes to; cut off, it goes on where it stopped')
    .requiredOption('--from <place>', 'a storage folder, or s3://bucket/prefix')
    .requiredOption('--to <place>', 'an empty one; S3_ENDPOINT, S3_REGION and credentials by the environment')
    .exitOverride()
    .action(async (options: Options) => {
      const [from, to] = [locationOf(options.from, terminal), locationOf(options.to, terminal)]
      if (nameOf(from) === nameOf(to)) throw new DomainError('configuration', 'Source and target are one place.')
      const counts = await copy(from, to)
      terminal.print(textOf(counts, to))
    })
}

/** As the configuration would have it, so that one place checks endpoint and credentials. */
function locationOf(place: string, { environment, folder }: Terminal): Config['store'] {
  const s3 = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place)
  const [, bucket = '', prefix = ''] = s3 ?? []
  const given =
    s3 === null
      ? { S3_BUCKET: '', WHEELHOUSE_STORAGE: resolve(folder, place) }
      : { S3_BUCKET: bucket, S3_PREFIX: prefix.replace(/\/*$/, prefix === '' ? '' : '/') }
  return loadConfig({ ...environment, ...given }, folder).store
}

function nameOf(location: Config['store']): string {
  return location.kind === 'disk' ? location.folder : `s3://${location.bucket}/${location.prefix}`
}

async function copy(from: Config['store'], to: Config['store']): Promise<CopyCounts> {
  await using source = await openSource(from)
  await using target = await openLocation(to, 'own')
  const parent = to.kind === 'disk' ? to.folder : undefined
  if (parent !== undefined) await removeScratchFolders(parent)
  await using scratch = await scratchFolder(parent)
  const line = progressLine()
  try {
    return await copyStore({
      source: source.store,
      target: target.store,
      from: nameOf(from),
      scratch: scratch.path,
      progress: ({ objects, bytes }) => line.show(`${counted(objects, 'object')}, ${sizeText(bytes)} copied`),
    })
  } finally {
    line.end()
  }
}

/** A folder with a server on it is refused; on S3 it shows by what changes during the copy. */
async function openSource(from: Config['store']): Promise<OpenStore> {
  if (from.kind === 's3') return await openLocation(from, 'share')
  try {
    return await openLocation(from, 'own')
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'conflict') throw error
    const text =
      `A server runs on the storage folder «${from.folder}». Stop it first: documents that change while they are copied ` +
      'would be of no one moment, and what is uploaded meanwhile would be missing.'
    throw new DomainError('conflict', text, {}, { cause: error })
  }
}

function textOf({ objects, copied, bytes }: CopyCounts, to: Config['store']): string {
  const start =
    to.kind === 'disk'
      ? `WHEELHOUSE_STORAGE=${to.folder}`
      : `S3_BUCKET=${to.bucket}${to.prefix === '' ? '' : ` S3_PREFIX=${to.prefix}`}`
  return [
    `Copied and compared: ${counted(copied, 'object')}, ${sizeText(bytes)}; ${objects - copied} were there already.`,
    `Start on it with ${start}. All tokens are good there; the file admin-token is not part of a store.`,
  ].join('\n')
}
