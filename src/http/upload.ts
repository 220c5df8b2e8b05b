import Router from '@koa/router'
import type { Context } from 'koa'
import type { Audit } from '../audit/audit.ts'
import type { Actor } from '../audit/model.ts'
import { DomainError, isDomainError } from '../errors.ts'
import type { Metrics } from '../observe/metrics.ts'
import { claimEarly, claimOf } from '../registry/claim.ts'
import type { UploadRules } from '../registry/form-fields.ts'
import { refuseForm } from '../registry/form-refusals.ts'
import { type Published, type PublishPorts, publish } from '../registry/publish.ts'
import type { Staging } from '../registry/staging/staging.ts'
import { actorOf } from './actor.ts'
import { type Access, identify, permitted } from './authentication.ts'
import { readUploadForm, tooLarge, type UploadLimits } from './upload-form.ts'

export interface UploadPorts extends PublishPorts {
  readonly staging: Staging
  readonly audit: Audit
  readonly metrics: Metrics
  readonly limits: UploadLimits
  readonly rules: UploadRules
  /** Without a slash at the end. */
  readonly externalUrl: string
}

const indexPaths = ['/simple', '/\\+simple', '/channels/:channel/simple'].flatMap((root) =>
  ['', '/', '/:project', '/:project/'].map((end) => root + end),
)

/**
 * `POST /legacy/`, as PyPI has it, and at the places where other indexes have it. No redirect anywhere: flit would
 * follow it with a GET and take the page for success, twine and poetry would stop.
 */
export function uploadRoutes(ports: UploadPorts, access: Access): Router {
  const router = new Router({ strict: true })
  const counted = (context: Context) =>
    upload(context, ports, access).catch((error: unknown) => {
      if (isDomainError(error)) ports.metrics.upload('refused')
      throw error
    })
  for (const path of ['/legacy/', '/legacy', '/']) router.post(path, counted)
  for (const path of indexPaths) {
    for (const method of ['post', 'put', 'patch', 'delete'] as const) {
      router[method](path, (context) => refuseAtIndex(context, ports.externalUrl))
    }
  }
  return router
}

/** The URL for reading, given to a client that uploads: the likeliest mistake. Before any token is asked for. */
function refuseAtIndex(context: Context, externalUrl: string): never {
  context.set('Allow', 'GET, HEAD')
  const text = `Uploads do not go to the index: POST to ${externalUrl}/legacy/ (--repository-url, --publish-url) instead.`
  throw new DomainError('method-not-allowed', text)
}

/** authenticate → declared length → form, streamed to staging → claim, and permission for its project → publish → answer; staging is emptied whatever happens. */
async function upload(context: Context, ports: UploadPorts, access: Access): Promise<void> {
  const identity = await identify(context, access, 'upload')
  context.state['identity'] = identity
  refuseByLength(context, ports.limits)
  const form = await readUploadForm(context.req, ports.staging, ports.limits, (fields, filename) => {
    const claim = claimEarly(fields, filename, ports.rules)
    if (claim !== undefined) permitted(identity, 'upload', claim.project)
  })
  try {
    const claim = claimOf(form.fields, form.filename, ports.rules)
    permitted(identity, 'upload', claim.project)
    const published = await publish(ports, { claim, staged: form.staged, by: identity.name })
    await keep(ports.audit, published, actorOf(context, access))
    ports.metrics.upload(published.outcome)
    answer(context, published)
  } finally {
    form.staged.discard()
  }
}

/** A body that says itself that it is too long need not be taken. A megabyte more than the file is left for the form. */
function refuseByLength(context: Context, { maxFileBytes }: UploadLimits): void {
  const declared = Number(context.get('Content-Length') || 0)
  if (declared > maxFileBytes + 17 * 1024 * 1024) throw tooLarge(maxFileBytes)
  if (!context.is('multipart/form-data')) throw refuseForm('form-not-multipart', 'The body is no multipart form')
}

/** The same bytes again change nothing: CI may repeat itself without filling the audit. */
async function keep(audit: Audit, published: Published, actor: Actor): Promise<void> {
  const { outcome, project, record, differences } = published
  if (outcome === 'same') return
  const { version, filename, sha256, size, provenanceSha256 } = record
  const after = {
    sha256,
    size,
    ...(provenanceSha256 === undefined ? {} : { provenanceSha256 }),
    // Where the form said something else than the archive, and nobody is misled by it.
    ...(differences.length === 0 ? {} : { differences }),
  }
  await audit.record({ action: 'upload', actor, project, version, filename, outcome: 'done', after })
}

function answer(context: Context, { outcome, record, project }: Published): void {
  context.status = 200
  const what = outcome === 'created' ? 'Accepted' : 'Already here, byte for byte'
  context.body = `${what}: ${record.filename} (${project} ${record.version}, sha256 ${record.sha256}).\n`
}
