import type { RequestListener } from 'node:http'
import type Router from '@koa/router'
import Koa, { type Context } from 'koa'
import { allChannels } from '../deploy/subscriptions.ts'
import { DomainError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Services } from '../services.ts'
import { amendmentRoutes } from './amendments.ts'
import { approvalRoutes } from './approvals.ts'
import type { Access } from './authentication.ts'
import { clientAddressBehind } from './client-address.ts'
import { allowReading } from './cors.ts'
import { refuseCrossSite } from './cross-site.ts'
import { deployControlRoutes } from './deploy-controls.ts'
import { deployRoutes } from './deploys.ts'
import { answerErrors } from './error-response.ts'
import { FailedAttempts } from './failed-attempts.ts'
import { fileRoutes } from './files.ts'
import { healthRoutes } from './health.ts'
import { HotPages } from './hot-pages.ts'
import { integrityRoutes } from './integrity.ts'
import { legacyJsonRoutes } from './legacy-json.ts'
import { observe } from './observation.ts'
import { openApiRoutes } from './openapi.ts'
import { projectRoutes } from './projects.ts'
import { promoteRoutes } from './promote.ts'
import { serviceActionRoutes } from './service-actions.ts'
import { channelRoutes, simpleRoutes } from './simple.ts'
import { tokenRoutes } from './tokens.ts'
import { uploadRoutes } from './upload.ts'

/** The HTTP face of everything: hot pages first, then the app. */
export function listenerFor(services: Services, log: Log): RequestListener {
  const hot = new HotPages(services)
  const rest = createApp(services, log, hot).callback()
  return (request, response) => {
    if (!hot.answer(request, response)) void rest(request, response)
  }
}

function createApp(services: Services, log: Log, hot: HotPages): Koa {
  const app = new Koa()
  app.on('error', (error: unknown, context?: Context) => reportCutOff(log, error, context))
  app.silent = true
  const access: Access = {
    authenticator: services.authenticator,
    anonymousRead: services.config.access.anonymousRead,
    failedAttempts: new FailedAttempts(services.clock, { burst: 50, refillSeconds: 2 }),
    clientAddress: clientAddressBehind(services.config.server.trustedProxies),
  }
  const { channels, channelOrder, server, upload } = services.config
  const uploads = { ...services, limits: upload, rules: upload, externalUrl: server.externalUrl }
  const { services: defined } = services.definitions
  const deploying = { channels, channelOrder, services: defined, externalUrl: server.externalUrl }
  app.use(observe(services.metrics, log, services.clock))
  app.use(hot.remember)
  app.use(answerErrors(log))
  app.use(refuseCrossSite(server.externalUrl))
  app.use(allowReading(services.config.access.corsOrigins))
  const routers = [
    simpleRoutes(services.pages, access),
    channelRoutes(
      { ...services.pages, project: services.channelPages.project },
      () => allChannels({ channels, services: defined }),
      access,
    ),
    promoteRoutes({ ...services, ...deploying }, access),
    serviceActionRoutes({ ...services, ...deploying }, access),
    deployRoutes(services, defined, deploying.externalUrl, access),
    deployControlRoutes({ ...services, externalUrl: server.externalUrl }, access),
    approvalRoutes({ ...services, externalUrl: server.externalUrl }, access),
    projectRoutes({ ...services, externalUrl: server.externalUrl }, access),
    amendmentRoutes(services, access),
    legacyJsonRoutes(services.legacyPages, access),
    fileRoutes({ ...services, redirect: services.config.redirectDownloads }, access),
    integrityRoutes(services, access),
    uploadRoutes(uploads, access),
    tokenRoutes(services, access),
    healthRoutes(services, access),
    openApiRoutes(server.externalUrl),
  ]
  for (const router of routers) app.use(router.routes())
  app.use((context) => refuseRest(context, routers))
  return app
}

/** What no route took. RFC 9110 15.5.6: where another method would be taken, it is named. */
function refuseRest(context: Context, routers: readonly Router[]): never {
  const { method, path } = context
  const methods = new Set(
    routers.flatMap((router) => router.match(path, method).path.flatMap((layer) => layer.methods)),
  )
  const where = 'The index is at /simple/, uploads go to POST /legacy/.'
  if (methods.size === 0) throw new DomainError('not-found', `There is nothing at ${method} ${path}. ${where}`)
  const allowed = [...methods].sort().join(', ')
  context.set('Allow', allowed)
  throw new DomainError('method-not-allowed', `${path.slice(0, 200)} takes ${allowed}, not ${method}. ${where}`)
}

/** What gets here was thrown after an answer had begun, and cut it off; a client that leaves is no error. */
function reportCutOff(log: Log, error: unknown, context: Context | undefined): void {
  if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return
  const fields = { request: context?.state['requestId'], method: context?.method, path: context?.path.slice(0, 300) }
  log.error(`An answer was cut off: ${messageOf(error)}`, fields)
}
