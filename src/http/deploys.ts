import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { describeDeploy, describeService } from '../deploy/describe.ts'
import { pendingLines } from '../deploy/describe-approvals.ts'
import { describeFreeze, frozenLine, shownFreezes } from '../deploy/describe-freezes.ts'
import { desiredOf } from '../deploy/desired.ts'
import { requestDocument } from '../deploy/documents.ts'
import { pendingChanges } from '../deploy/pending-changes.ts'
import type { ServiceDefinitions } from '../deploy/reconcile.ts'
import { isOver, type Rollout } from '../deploy/rollout/model.ts'
import { newServiceState, serviceDocument, stateFor } from '../deploy/service-state.ts'
import { channelOf } from '../deploy/subscriptions.ts'
import { rungOf } from '../deploy/verification.ts'
import { deployNotFound, follow, readRollout, seeDeploy, type WatchPorts } from '../deploy/watch.ts'
import { DomainError, isDomainError } from '../errors.ts'
import { allows } from '../identity/scopes.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { clientGone } from './client-gone.ts'
import { answerAs, deployView } from './deploy-view.ts'
import { liveFormOf, sendLive } from './live.ts'
import { describeStandings, observedView } from './observed-view.ts'
import { parsed } from './request-body.ts'

/** Which class of node is meant. */
export const desiredQuery = z.object({
  python: z.string().optional(),
  class: z.string().optional(),
  node: z.string().optional(),
})

/** Seconds; a client that watches longer asks again from where it was. */
const longestWatch = 86_400

/** `GET /services`, `/services/<name>`, `/deploys/<id>` and what the nodes printed: JSON, or text for people. */
export function deployRoutes(
  ports: WatchPorts,
  services: ServiceDefinitions,
  externalUrl: string,
  access: Access,
): Router {
  const { documents } = ports
  const router = new Router({ strict: true })
  // Names of machines and what they printed: whoever may read the index without a token may not read these.
  const read = requireScope({ ...access, anonymousRead: false }, 'read')
  router.get('/services', read, async (context) => {
    const shown = Object.keys(readable(services, context))
    const all = await Promise.all(shown.map((name) => serviceViewOrProblem(ports, services, name)))
    answerAs(context, { services: all.map(({ json }) => json) }, () =>
      all.length === 0
        ? 'No service is configured. Say what runs where under services: in wheelhouse.yaml.\n'
        : all.map(({ text }) => `${text}\n`).join(''),
    )
  })
  router.get('/services/:name', read, async (context) => {
    const { json, text } = await serviceView(ports, services, serviceIn(context, services))
    const recent = json.recent.map(({ at, deploy, version, phase }) => `  ${at}  ${deploy}  ${version}  ${phase}\n`)
    const observed = await observedView(documents, json.name, services[json.name]?.project ?? '')
    const nodes = describeStandings(observed.nodes).map((line) => `  ${line}\n`)
    const freezes = json.freezes.map((freeze) => `  freeze ${describeFreeze(freeze)}\n`).join('')
    answerAs(context, { ...json, ...observed }, () => `${text}\n${freezes}${nodes.join('')}${recent.join('')}`)
  })
  router.get('/services/:name/desired', read, async (context) => {
    const service = serviceIn(context, services)
    const { project = '' } = services[service] ?? {}
    const { python, class: nodeClass, node } = parsed(desiredQuery, context.query, 'The query')
    const wanted = { ...(python && { python }), ...(nodeClass && { nodeClass }), ...(node && { node }) }
    context.type = 'text/plain; charset=utf-8'
    context.body = await desiredOf(documents, { service, project, externalUrl }, wanted)
  })
  router.get('/deploys/:id', read, async (context) => {
    const rollout = await rolloutIn(context, documents)
    const request = await documents.read(requestDocument, keys.deployRequest(rollout.service, rollout.deploy))
    const { by, at, channel, reason } = request?.value ?? {}
    const asked = { by, at, channel, ...(reason === undefined ? {} : { promotionReason: reason }) }
    const { running } = (await documents.read(serviceDocument, keys.service(rollout.service)))?.value ?? {}
    const changes = await pendingChanges(documents, rollout)
    const json = { ...deployView(rollout, externalUrl), ...asked, ...(changes.length > 0 && { changes }) }
    answerAs(context, json, () => `${describeDeploy(rollout, running)}${pendingLines(changes)}`)
  })
  router.get('/deploys/:id/events', read, (context) => sendEvents(context, ports, externalUrl))
  router.get('/deploys/:id/output', read, (context) => sendOutput(context, documents))
  return router
}

/** Those of projects that the token may read. */
function readable(services: ServiceDefinitions, context: Context): ServiceDefinitions {
  const { scopes } = identityOf(context)
  return Object.fromEntries(Object.entries(services).filter(([, { project }]) => allows(scopes, 'read', project)))
}

function serviceIn(context: Context, services: ServiceDefinitions): string {
  const name = String(context['params']['name'])
  const definition = Object.hasOwn(services, name) ? services[name] : undefined
  const { scopes } = identityOf(context)
  // Not 403: that a service is there, and of which project, is not for those who may not read the project.
  if (definition !== undefined && allows(scopes, 'read', definition.project)) return name
  throw serviceNotFound(name, readable(services, context))
}

/** Rejects with `deploy-not-found`, also where it is of a project that the token may not read. */
async function rolloutIn(context: Context, documents: Documents): Promise<Rollout> {
  const id = String(context['params']['id'])
  const rollout = await readRollout(documents, id)
  if (allows(identityOf(context).scopes, 'read', rollout.project)) return rollout
  throw deployNotFound(id)
}

/**
 * From the last event that the client has; each event is the whole deploy as it stands, so none that was missed is missed.
 * 204 tells an EventSource that there is nothing more to come.
 */
async function sendEvents(context: Context, ports: WatchPorts, externalUrl: string): Promise<void> {
  const { deploy } = await rolloutIn(context, ports.documents)
  const after = Number.parseInt(context.get('Last-Event-ID') || '0', 10) || 0
  const form = liveFormOf(context) ?? 'lines'
  const { rollout, serial } = await seeDeploy(ports.documents, deploy)
  if (form === 'events' && isOver(rollout.phase) && serial <= after) {
    context.status = 204
    return
  }
  const gone = clientGone(context)
  const seen = follow(ports, [deploy], longestWatch, gone)
  sendLive(context, { seen, form, clock: ports.clock, externalUrl, after })
}

function serviceNotFound(name: string, services: ServiceDefinitions): DomainError {
  const known = Object.keys(services).join(', ') || 'none'
  const text = `There is no service "${name.slice(0, 100)}". Configured are: ${known} (services: in wheelhouse.yaml).`
  return new DomainError('service-not-found', text, { service: name.slice(0, 100) })
}

async function serviceView({ documents, clock }: WatchPorts, services: ServiceDefinitions, name: string) {
  const definition = services[name]
  if (definition === undefined) throw serviceNotFound(name, services)
  const { project } = definition
  const channel = channelOf(name, definition)
  const found = (await documents.read(serviceDocument, keys.service(name)))?.value
  const state = found && stateFor(found, project)
  const { considered: _considered, closing: _closing, ...shown } = state ?? newServiceState()
  const freezes = shownFreezes(definition, state, clock.now())
  const verified = rungOf(definition.verify)
  return {
    json: { name, project, channel, verified, ...shown, ...freezes },
    text: `${describeService(name, project, channel, state, verified)}${frozenLine(name, freezes)}`,
  }
}

/** One whose document cannot be read says so, and hides no other. */
async function serviceViewOrProblem(ports: WatchPorts, services: ServiceDefinitions, name: string) {
  try {
    return await serviceView(ports, services, name)
  } catch (error) {
    if (!isDomainError(error, 'document-corrupt') && !isDomainError(error, 'document-too-new')) throw error
    const { code, message } = error
    return { json: { name, project: services[name]?.project, error: code, message }, text: `${name}  ${message}` }
  }
}

/** Everything that was printed on the nodes, run after run, in the order in which it was decided. */
async function sendOutput(context: Context, documents: Documents): Promise<void> {
  const rollout = await rolloutIn(context, documents)
  const { service, deploy } = rollout
  const wanted = context.query['node']
  const prefix = keys.deployOutputPrefix(service, deploy)
  const runs: { readonly title: string; readonly number: number; readonly key: string }[] = []
  for await (const { key } of documents.store.list(prefix)) {
    const [node = '', file = ''] = key.slice(prefix.length).split('/')
    if (wanted !== undefined && node !== wanted) continue
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
