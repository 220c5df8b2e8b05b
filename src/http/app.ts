import type { RequestListener } from 'node:http'
import Koa from 'koa'
import { DomainError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Services } from '../services.ts'
import { amendmentRoutes } from './amendments.ts'
import type { Access } from './authentication.ts'
import { clientAddressBehind } from './client-address.ts'
import { allowReading } from './cors.ts'
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
  // What gets here was thrown outside of any request, or after its answer had begun.
  app.on('error', (error: unknown) => log.error(`Connection failed: ${String(error)}`, {}))
  app.silent = true
  const access: Access = {
    authenticator: services.authenticator,
    anonymousRead: services.config.access.anonymousRead,
    failedAttempts: new FailedAttempts(services.clock, { burst: 50, refillSeconds: 2 }),
    clientAddress: clientAddressBehind(services.config.server.trustedProxies),
  }
  const { channels, server, upload } = services.config
  const uploads = { ...services, limits: upload, rules: upload, externalUrl: server.externalUrl }
  const deploying = { channels, services: services.config.services, externalUrl: server.externalUrl }
  app.use(observe(services.metrics, log, services.clock))
  app.use(hot.remember)
  app.use(answerErrors(log))
  app.use(allowReading(services.config.access.corsOrigins))
  for (const router of [
    simpleRoutes(services.pages, access),
    channelRoutes({ ...services.pages, project: services.channelPages.project }, services.config.channels, access),
    promoteRoutes({ ...services, ...deploying }, access),
    deployRoutes(services.documents, services.config.services, deploying.externalUrl, access),
    deployControlRoutes({ ...services, externalUrl: server.externalUrl }, access),
    projectRoutes({ ...services, externalUrl: server.externalUrl }, access),
    amendmentRoutes(services, access),
    legacyJsonRoutes(services.legacyPages, access),
    fileRoutes({ ...services, redirect: services.config.redirectDownloads }, access),
    integrityRoutes(services, access),
    uploadRoutes(uploads, access),
    tokenRoutes(services, access),
    healthRoutes(services, access),
    openApiRoutes(server.externalUrl),
  ]) {
    app.use(router.routes())
  }
  app.use((context) => {
    const text = `There is nothing at ${context.method} ${context.path}. The index is at /simple/, uploads go to POST /legacy/.`
    throw new DomainError('not-found', text)
  })
  return app
}
