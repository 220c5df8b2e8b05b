import Router from '@koa/router'
import type { Context } from 'koa'
import { type Audit, audited } from '../audit/audit.ts'
import { controlDeploy } from '../deploy/control-deploy.ts'
import { describeDeploy } from '../deploy/describe.ts'
import type { RequestPorts } from '../deploy/request-deploy.ts'
import type { ControlKind } from '../deploy/rollout/control.ts'
import type { Rollout } from '../deploy/rollout/model.ts'
import { deployNotFound, readRollout } from '../deploy/watch.ts'
import { allows, type Scope } from '../identity/scopes.ts'
import type { Documents } from '../objects/documents.ts'
import { actorOf } from './actor.ts'
import { reasonBody } from './amendments.ts'
import { type Access, identityOf, permitted, requireScope } from './authentication.ts'
import { clientGone } from './client-gone.ts'
import { answerAs, deployView } from './deploy-view.ts'
import { parsed, readJson } from './request-body.ts'

export interface DeployControlPorts extends RequestPorts {
  readonly audit: Audit
  readonly externalUrl: string
}

/** An approval has a scope and rules of its own (`approvals.ts`). */
const orders = ['pause', 'resume', 'abort', 'retry', 'exclude'] as const satisfies readonly ControlKind[]

/** `POST /deploys/<id>/pause`, `resume`, `abort`, `retry` and `exclude/<node>`. */
export function deployControlRoutes(ports: DeployControlPorts, access: Access): Router {
  const router = new Router({ strict: true })
  for (const kind of orders) {
    const path = kind === 'exclude' ? '/deploys/:id/exclude/:node' : `/deploys/:id/${kind}`
    router.post(path, requireScope(access, 'deploy'), readJson(), (context) => control(context, ports, access, kind))
  }
  return router
}

/** The deploy that is named, for those who have the scope for its project. */
export async function deployIn(context: Context, documents: Documents, scope: Scope): Promise<Rollout> {
  const deploy = String(context['params']['id'])
  const rollout = await readRollout(documents, deploy)
  const { scopes } = identityOf(context)
  // Not 403 where neither is granted: that a deploy is there is not for those who have nothing to do with its project.
  if (!allows(scopes, scope, rollout.project) && !allows(scopes, 'read', rollout.project)) throw deployNotFound(deploy)
  permitted(identityOf(context), scope, rollout.project)
  return rollout
}

async function control(context: Context, ports: DeployControlPorts, access: Access, kind: ControlKind): Promise<void> {
  const { reason } = parsed(reasonBody, context.request.body ?? {}, 'The body')
  const { deploy, project, version } = await deployIn(context, ports.documents, 'deploy')
  const said = {
    ...(reason === undefined ? {} : { reason }),
    ...(kind === 'exclude' ? { node: String(context['params']['node']) } : {}),
  }
  const event = { action: `deploy-${kind}`, actor: actorOf(context, access), project, version, subject: deploy }
  const gone = clientGone(context)
  const { rollout } = await audited(
    ports.audit,
    { ...event, ...(reason === undefined ? {} : { reason }) },
    () => controlDeploy(ports, deploy, { kind, by: identityOf(context).name, ...said }, gone),
    ({ control: { number, node }, rollout: { phase } }) => ({
      outcome: 'done',
      after: { control: number, phase, ...(node === undefined ? {} : { node }) },
    }),
  )
  answerAs(context, deployView(rollout, ports.externalUrl), () => describeDeploy(rollout))
}
