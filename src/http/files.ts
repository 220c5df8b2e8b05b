import Router from '@koa/router'
import type { Context } from 'koa'
import { DomainError, isDomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { type SmallObjects, smallObjectBytes } from '../objects/small-objects.ts'
import type { FileRecord, ProjectHead } from '../registry/model.ts'
import type { Projects } from '../registry/projects.ts'
import { type Access, requireScope } from './authentication.ts'
import { isNotModified, type SendableFile, sendFile } from './send-file.ts'

export interface FilePorts {
  readonly store: ObjectStore
  readonly projects: Projects
  readonly small: SmallObjects
  /** Send clients to the store itself, where it can sign a URL for them. */
  readonly redirect: boolean
}

/** Long enough to begin a download, however slow the client is to follow; a running one is not cut. */
const signedSeconds = 60

/** `/files/<project>/<sha256>/<filename>` and its `.metadata` (PEP 658). A file's URL names its bytes, for ever. */
export function fileRoutes(ports: FilePorts, access: Access): Router {
  const router = new Router()
  router.get('/files/:project/:sha256/:filename', requireScope(access, 'read'), async (context) => {
    const { project = '', sha256 = '', filename = '' } = context.params
    const found =
      (await findFile(ports.projects, project, sha256, filename)) ??
      (await findMetadata(ports.projects, project, sha256, filename))
    if (found === undefined) {
      const text = `There is no file "${filename.slice(0, 200)}" with this digest in the project "${project.slice(0, 100)}".`
      throw new DomainError('file-not-found', text)
    }
    if (ports.redirect && (await redirected(context, ports.store, found))) return
    context.set({
      'Cache-Control': `${access.anonymousRead ? 'public' : 'private'}, max-age=31536000, immutable`,
      'X-Content-Type-Options': 'nosniff',
      'Content-Disposition': dispositionOf(filename),
      'Content-Security-Policy': "default-src 'none'; sandbox",
    })
    await sendFile(context, await sendable(ports, found))
  })
  return router
}

interface Found {
  readonly record: FileRecord
  readonly key: string
  readonly digest: string
  readonly contentType: string
  /** Bytes; of metadata it is known once they are read. */
  readonly size: number | undefined
}

async function findFile(
  projects: Projects,
  project: string,
  sha256: string,
  filename: string,
): Promise<Found | undefined> {
  if (!/^[a-z0-9-]+$/.test(project)) return undefined
  const found = await projects.findFile(project, filename)
  const record = found?.file
  if (found === undefined || record === undefined || record.sha256 !== sha256) return undefined
  refuseQuarantined(found.head)
  const key = keys.file(project, sha256, filename)
  return { record, key, digest: sha256, contentType: 'application/octet-stream', size: record.size }
}

async function findMetadata(
  projects: Projects,
  project: string,
  sha256: string,
  filename: string,
): Promise<Found | undefined> {
  if (!filename.endsWith('.metadata')) return undefined
  const wheel = filename.slice(0, -'.metadata'.length)
  const found = await findFile(projects, project, sha256, wheel)
  if (found?.record.metadataSha256 === undefined) return undefined
  const { record } = found
  const key = keys.fileMetadata(project, sha256, wheel)
  return { record, key, digest: found.record.metadataSha256, contentType: 'text/plain; charset=utf-8', size: undefined }
}

/** PEP 792: nothing of it may be had, by a lock file that knows the URL neither. */
function refuseQuarantined({ project, status, statusMark }: ProjectHead): void {
  if (status !== 'quarantined') return
  const why = statusMark?.reason ? `: ${statusMark.reason}` : ''
  throw new DomainError('project-closed', `The project "${project}" is quarantined, and gives no files${why}.`, {
    project,
  })
}

/** Small ones whole from memory, large ones as a stream; either way one call of the store at most. */
async function sendable({ store, small }: FilePorts, found: Found): Promise<SendableFile> {
  const { key, digest, contentType, size, record } = found
  const common = { contentType, etag: `"${digest}"`, modified: new Date(record.uploadedAt) }
  if (size !== undefined && size > smallObjectBytes) {
    return { ...common, size, open: (range) => store.open(key, range).catch(missing(key)) }
  }
  const body = await small.read(key)
  if (body === undefined) throw bytesMissing(key)
  const open: SendableFile['open'] = async (range) => (range ? body.subarray(range.start, range.end + 1) : body)
  return { ...common, size: body.length, open }
}

/** Signed for this method alone: a URL that is signed for GET answers a HEAD with 403, which uv asks first. */
async function redirected(context: Context, store: ObjectStore, found: Found): Promise<boolean> {
  const { key, size, record, digest } = found
  if (size === undefined || store.signedUrl === undefined) return false
  const etag = `"${digest}"`
  if (isNotModified(context, { etag, modified: new Date(record.uploadedAt) })) {
    context.status = 304
    context.set('ETag', etag)
    return true
  }
  const method = context.method === 'HEAD' ? 'HEAD' : 'GET'
  const url = await store.signedUrl(key, method, signedSeconds, dispositionOf(record.filename))
  context.status = 302
  context.set({ Location: url, 'Cache-Control': 'no-store' })
  context.body = `The file is at ${url}\n`
  return true
}

function dispositionOf(filename: string): string {
  return `attachment; filename="${filename}"`
}

function missing(key: string) {
  return (error: unknown): never => {
    throw isDomainError(error, 'file-not-found') ? bytesMissing(key) : error
  }
}

function bytesMissing(key: string): DomainError {
  return new DomainError('document-corrupt', `The bytes of «${key}» are missing from the store.`, { key })
}
