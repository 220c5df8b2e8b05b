import Router from '@koa/router'
import type { Context } from 'koa'
import { koaBody } from 'koa-body'
import { z } from 'zod'
import { channelsDocument, currentOf } from '../channels/model.ts'
import { type PromotePorts, type Promotion, promote } from '../channels/promote.ts'
import { DomainError } from '../errors.ts'
import { keys } from '../objects/keys.ts'
import { parseProjectName } from '../packaging/names.ts'
import { type Access, identify } from './authentication.ts'

const bodySchema = z.strictObject({ reason: z.string().max(1_000).optional() })

/** `POST /promote/<project>/<version>` points a channel at a release; `GET /channels/<project>` has the history. */
export function promoteRoutes(ports: PromotePorts, access: Access): Router {
  const router = new Router({ strict: true })
  const readJson = koaBody({ jsonLimit: '64kb', urlencoded: false, text: false, multipart: false, onError: badBody })
  router.post(
    '/promote/:project/:version',
    async (context, next) => {
      context.state['identity'] = await identify(context, access, 'promote')
      await next()
    },
    readJson,
    (context) => promoteRelease(context, ports),
  )
  router.get('/channels/:project', async (context) => {
    await identify(context, access, 'read')
    const project = await ports.projects.get(projectIn(context))
    const channels = (await ports.documents.read(channelsDocument, keys.channels(project.name)))?.value ?? {}
    const shown = ports.channels.map((channel) => [
      channel,
      { current: currentOf(channels, channel), history: channels[channel] ?? [] },
    ])
    context.body = { project: project.name, channels: Object.fromEntries(shown) }
  })
  return router
}

async function promoteRelease(context: Context, ports: PromotePorts): Promise<void> {
  const body = bodySchema.safeParse(context.request.body ?? {})
  if (!body.success)
    throw new DomainError('invalid-request', `The body is not understood: ${z.prettifyError(body.error)}`)
  const channel = String(context.query['channel'] ?? ports.channels[0] ?? '')
  const { reason } = body.data
  const promotion = await promote(ports, {
    project: projectIn(context),
    version: String(context['params']['version']),
    channel,
    by: String(context.state['identity'].name),
    ...(reason === undefined ? {} : { reason }),
    again: false,
  })
  answer(context, projectIn(context), channel, promotion)
}

function answer(context: Context, project: string, channel: string, { pointer, previous, changed }: Promotion): void {
  const from = previous === undefined ? '' : ` (before: ${previous.version})`
  const message = changed
    ? `${channel} of ${project} is now ${pointer.version}${from}.`
    : `${channel} of ${project} is ${pointer.version} already: nothing changed.`
  context.status = 200
  if (context.accepts('text/plain', 'application/json') === 'application/json') {
    context.body = { message, changed, project, channel, pointer, previous: previous ?? null }
  } else {
    context.body = `${message}\n`
  }
}

function projectIn(context: Context): string {
  const raw = String(context['params']['project'])
  const project = parseProjectName(raw)
  if (project !== undefined) return project
  throw new DomainError('project-not-found', `"${raw.slice(0, 100)}" is no valid project name.`)
}

function badBody(error: Error): void {
  throw new DomainError(
    'invalid-request',
    `The body is no JSON that can be read: ${error.message}.`,
    {},
    { cause: error },
  )
}
