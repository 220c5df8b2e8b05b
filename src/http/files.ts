import Router from '@koa/router'
import type { Context } from 'koa'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { FileRecord, ProjectHead } from '../registry/model.ts'
import type { Projects } from '../registry/projects.ts'
import { type Access, requireScope } from './authentication.ts'
import { parseRange } from './byte-range.ts'

/** `/files/<project>/<sha256>/<filename>` and its `.metadata` (PEP 658). A file's URL names its bytes, for ever. */
export function fileRoutes(store: ObjectStore, projects: Projects, access: Access): Router {
  const router = new Router()
  router.get('/files/:project/:sha256/:filename', requireScope(access, 'read'), async (context) => {
    const { project = '', sha256 = '', filename = '' } = context.params
    const found =
      (await findFile(projects, project, sha256, filename)) ?? (await findMetadata(projects, project, sha256, filename))
    if (found === undefined) {
      const text = `There is no file "${filename.slice(0, 200)}" with this digest in the project "${project.slice(0, 100)}".`
      throw new DomainError('file-not-found', text)
    }
    context.set({
      'Content-Type': found.contentType,
      'Cache-Control': `${access.anonymousRead ? 'public' : 'private'}, max-age=31536000, immutable`,
      'Accept-Ranges': 'bytes',
      ETag: `"${found.digest}"`,
      'Last-Modified': new Date(found.file.uploadedAt).toUTCString(),
      'X-Content-Type-Options': 'nosniff',
      'Content-Disposition': `attachment; filename="${filename}"`,
      'Content-Security-Policy': "default-src 'none'; sandbox",
    })
    await send(context, store, found.key, `"${found.digest}"`)
  })
  return router
}

interface Found {
  readonly file: FileRecord
  readonly key: string
  readonly digest: string
  readonly contentType: string
}

async function findFile(
  projects: Projects,
  project: string,
  sha256: string,
  filename: string,
): Promise<Found | undefined> {
  if (!/^[a-z0-9-]+$/.test(project)) return undefined
  const found = await projects.findFile(project, filename)
  const file = found?.file
  if (found === undefined || file === undefined || file.sha256 !== sha256) return undefined
  refuseQuarantined(found.head)
  return { file, key: keys.file(project, sha256, filename), digest: sha256, contentType: 'application/octet-stream' }
}

/** PEP 792: nothing of it may be had, by a lock file that knows the URL neither. */
function refuseQuarantined({ project, status, statusMark }: ProjectHead): void {
  if (status !== 'quarantined') return
  const why = statusMark?.reason ? `: ${statusMark.reason}` : ''
  throw new DomainError('project-closed', `The project "${project}" is quarantined, and gives no files${why}.`, {
    project,
  })
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
  if (found?.file.metadataSha256 === undefined) return undefined
  const key = keys.fileMetadata(project, sha256, wheel)
  return { file: found.file, key, digest: found.file.metadataSha256, contentType: 'text/plain; charset=utf-8' }
}

async function send(context: Context, store: ObjectStore, key: string, etag: string): Promise<void> {
  if (context.req.headers['if-none-match']?.includes(etag)) {
    context.status = 304
    return
  }
  const entry = await store.head(key)
  if (entry === undefined)
    throw new DomainError('document-corrupt', `The bytes of «${key}» are missing from the store.`, { key })
  const { size } = entry
  const range = ifRangeHolds(context, etag) ? parseRange(context.req.headers.range, size) : undefined
  if (range === 'unsatisfiable') {
    context.set('Content-Range', `bytes */${size}`)
    throw new DomainError(
      'range-not-satisfiable',
      `The file has ${size} bytes; the range asked for lies outside of it.`,
    )
  }
  context.status = range === undefined ? 200 : 206
  if (range !== undefined) context.set('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
  const type = context.response.get('Content-Type')
  context.body = context.method === 'HEAD' || size === 0 ? Buffer.alloc(0) : (await store.open(key, range)).stream
  context.set('Content-Type', type)
  context.length = range === undefined ? size : range.end - range.start + 1
}

/** A part is only of use where the whole is still the same (RFC 9110 13.1.5); our files never change. */
function ifRangeHolds(context: Context, etag: string): boolean {
  const condition = context.get('If-Range')
  return condition === '' || condition === etag || condition === context.response.get('Last-Modified')
}
