import Router from '@koa/router'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Projects } from '../registry/projects.ts'
import { versionMeant } from '../registry/releases.ts'
import { type Access, requireScope } from './authentication.ts'
import { projectIn } from './project-in-path.ts'
import { isNotModified } from './send-file.ts'

export interface IntegrityPorts {
  readonly store: ObjectStore
  readonly projects: Projects
}

/** `GET /integrity/<project>/<version>/<filename>/provenance`, PyPI's Integrity API (PEP 740): attestations as they came. */
export function integrityRoutes({ store, projects }: IntegrityPorts, access: Access): Router {
  const router = new Router()
  router.get('/integrity/:project/:version/:filename/provenance', requireScope(access, 'read'), async (context) => {
    const { version = '', filename = '' } = context.params
    const project = projectIn(context)
    const file = (await projects.findFile(project, filename))?.file
    if (file?.provenanceSha256 === undefined || versionMeant([file.version], version) === undefined) {
      const text = `There is no provenance of "${filename.slice(0, 200)}": nobody sent attestations with it.`
      throw new DomainError('file-not-found', text)
    }
    const etag = `"${file.provenanceSha256}"`
    context.set('ETag', etag)
    if (isNotModified(context, { etag, modified: new Date(file.uploadedAt) })) {
      context.status = 304
      return
    }
    const { stream } = await store.open(keys.fileProvenance(project, file.sha256, file.provenanceSha256))
    context.body = stream
    context.set({
      'Content-Type': 'application/vnd.pypi.integrity.v1+json',
      'Cache-Control': `${access.anonymousRead ? 'public' : 'private'}, max-age=3600`,
      'X-Content-Type-Options': 'nosniff',
    })
  })
  return router
}
