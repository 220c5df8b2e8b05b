import Router from '@koa/router'
import type { Context } from 'koa'
import { causeOf, describeDeploy, describeService } from '../deploy/describe.ts'
import { requestDocument } from '../deploy/documents.ts'
import type { ServiceDefinitions } from '../deploy/reconcile.ts'
import { arithmetic } from '../deploy/rollout/limits.ts'
import type { Rollout } from '../deploy/rollout/model.ts'
import { newServiceState, serviceDocument } from '../deploy/service-state.ts'
import { readRollout } from '../deploy/watch.ts'
import { DomainError } from '../errors.ts'
import { allows } from '../identity/scopes.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type Access, identityOf, permitted, requireScope } from './authentication.ts'

/** `GET /services`, `/services/<name>`, `/deploys/<id>` and what the nodes printed: JSON, or text for people. */
export function deployRoutes(
  documents: Documents,
  services: ServiceDefinitions,
  externalUrl: string,
  access: Access,
): Router {
  const router = new Router({ strict: true })
  // Names of machines and what they printed: whoever may read the index without a token may not read these.
  const read = requireScope({ ...access, anonymousRead: false }, 'read')
  router.get('/services', read, async (context) => {
    const shown = Object.keys(readable(services, context))
    const all = await Promise.all(shown.map((name) => serviceView(documents, services, name)))
    answerAs(context, { services: all.map(({ json }) => json) }, () =>
      all.length === 0
        ? 'No service is configured. Say what runs where under services: in wheelhouse.yaml.\n'
        : all.map(({ text }) => `${text}\n`).join(''),
    )
  })
  router.get('/services/:name', read, async (context) => {
    const { json, text } = await serviceView(documents, services, serviceIn(context, services))
    const recent = json.recent.map(({ at, deploy, version, phase }) => `  ${at}  ${deploy}  ${version}  ${phase}\n`)
    answerAs(context, json, () => `${text}\n${recent.join('')}`)
  })
  router.get('/deploys/:id', read, async (context) => {
    const rollout = await rolloutIn(context, documents)
    const request = await documents.read(requestDocument, keys.deployRequest(rollout.service, rollout.deploy))
    const { by, at, channel, reason } = request?.value ?? {}
    const asked = { by, at, channel, ...(reason === undefined ? {} : { promotionReason: reason }) }
    const { running } = (await documents.read(serviceDocument, keys.service(rollout.service)))?.value ?? {}
    answerAs(context, { ...deployView(rollout, externalUrl), ...asked }, () => describeDeploy(rollout, running))
  })
  router.get('/deploys/:id/output', read, (context) => sendOutput(context, documents))
  return router
}

/** What `/deploys/<id>` and the answer of a promotion show. */
export function deployView(rollout: Rollout, externalUrl: string) {
  const { deploy, service, project, version, phase, reason, paused, nodes, createdAt, startedAt, finishedAt } = rollout
  const time = (milliseconds: number | undefined) =>
    milliseconds === undefined ? null : new Date(milliseconds).toISOString()
  return {
    id: deploy,
    url: `${externalUrl}/deploys/${deploy}`,
    service,
    project,
    version,
    phase,
    reason: reason ?? paused?.reason ?? null,
    /** The phase in which it goes on. */
    pausedIn: phase === 'paused' ? (paused?.from ?? null) : null,
    plan: nodes.length === 0 ? null : arithmetic(rollout, nodes.length),
    /** Nodes that it went on without, by cause. */
    without: {
      failed: without(rollout, 'failed'),
      unreachable: without(rollout, 'unreachable'),
      excluded: without(rollout, 'excluded'),
    },
    createdAt: time(createdAt),
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    nodes,
  }
}

function without({ nodes }: Rollout, cause: ReturnType<typeof causeOf>): readonly string[] {
  return nodes.filter((node) => causeOf(node) === cause).map(({ name }) => name)
}

export function answerAs(context: Context, json: object, text: () => string): void {
  context.vary('Accept')
  if (context.accepts('text/plain', 'application/json') === 'application/json') context.body = json
  else context.body = text()
}

/** Those of projects that the token may read. */
function readable(services: ServiceDefinitions, context: Context): ServiceDefinitions {
  const { scopes } = identityOf(context)
  return Object.fromEntries(Object.entries(services).filter(([, { project }]) => allows(scopes, 'read', project)))
}

function serviceIn(context: Context, services: ServiceDefinitions): string {
  const name = String(context['params']['name'])
  const definition = Object.hasOwn(services, name) ? services[name] : undefined
  if (definition === undefined) throw serviceNotFound(name, readable(services, context))
  permitted(identityOf(context), 'read', definition.project)
  return name
}

/** Rejects with `deploy-not-found`, and with `permission-denied` where it is of a project that the token may not read. */
async function rolloutIn(context: Context, documents: Documents): Promise<Rollout> {
  const rollout = await readRollout(documents, String(context['params']['id']))
  permitted(identityOf(context), 'read', rollout.project)
  return rollout
}

function serviceNotFound(name: string, services: ServiceDefinitions): DomainError {
  const known = Object.keys(services).join(', ') || 'none'
  const text = `There is no service "${name.slice(0, 100)}". Configured are: ${known} (services: in wheelhouse.yaml).`
  return new DomainError('service-not-found', text, { service: name.slice(0, 100) })
}

async function serviceView(documents: Documents, services: ServiceDefinitions, name: string) {
  const definition = services[name]
  if (definition === undefined) throw serviceNotFound(name, services)
  const { project, subscribe } = definition
  const state = (await documents.read(serviceDocument, keys.service(name)))?.value
  const { considered: _considered, closing: _closing, ...shown } = state ?? newServiceState()
  return {
    json: { name, project, channel: subscribe.promote, ...shown },
    text: describeService(name, project, subscribe.promote, state),
  }
}

/** Everything that was printed on the nodes, run after run, in the order in which it was decided. */
async function sendOutput(context: Context, documents: Documents): Promise<void> {
  const rollout = await rolloutIn(context, documents)
  const { service, deploy } = rollout
  const prefix = keys.deployOutputPrefix(service, deploy)
  const runs: { readonly title: string; readonly number: number; readonly key: string }[] = []
  for await (const { key } of documents.store.list(prefix)) {
    const [node = '', file = ''] = key.slice(prefix.length).split('/')
    const attempt = file
      .replace(/\.txt$/, '')
      .slice(deploy.length + 1)
      .replace(`-${rollout.nonce}`, '')
    runs.push({ title: `== ${node}: ${attempt}`, number: Number.parseInt(attempt, 10), key })
  }
  const parts = runs
    .sort((a, b) => a.number - b.number)
    .map(async ({ title, key }) => {
      const stored = await documents.store.read(key)
      return `${title}\n${stored === undefined || stored === 'unchanged' ? '' : stored.body.toString('utf8')}`
    })
  context.type = 'text/plain; charset=utf-8'
  context.body = (await Promise.all(parts)).join('\n')
}
