import Router from '@koa/router'
import type { Context } from 'koa'
import { type Audit, audited } from '../audit/audit.ts'
import { type Approved, type ApprovePorts, approveDeploy } from '../deploy/approve-deploy.ts'
import { describeDeploy } from '../deploy/describe.ts'
import { reachOf } from '../identity/scopes.ts'
import { actorOf } from './actor.ts'
import { reasonBody } from './amendments.ts'
import { type Access, identityOf, requireScope } from './authentication.ts'
import { clientGone } from './client-gone.ts'
import { deployIn } from './deploy-controls.ts'
import { answerAs, deployView } from './deploy-view.ts'
import { parsed, readJson } from './request-body.ts'

export interface ApprovalRoutesPorts extends ApprovePorts {
  readonly audit: Audit
  readonly externalUrl: string
}

/** `POST /deploys/<id>/approve`, with the scope `approve`. */
export function approvalRoutes(ports: ApprovalRoutesPorts, access: Access): Router {
  const router = new Router({ strict: true })
  router.post('/deploys/:id/approve', requireScope(access, 'approve'), readJson(), (context) =>
    approve(context, ports, access),
  )
  return router
}

async function approve(context: Context, ports: ApprovalRoutesPorts, access: Access): Promise<void> {
  const { reason } = parsed(reasonBody, context.request.body ?? {}, 'The body')
  const { deploy, project, version } = await deployIn(context, ports.documents, 'approve')
  const { name: by, account, scopes } = identityOf(context)
  const said = reason === undefined ? {} : { reason }
  const gone = clientGone(context)
  const event = {
    action: 'deploy-approve',
    actor: actorOf(context, access),
    project,
    version,
    subject: deploy,
    ...said,
  }
  const approved = await audited(
    ports.audit,
    event,
    () => approveDeploy(ports, deploy, { by, account, ...said }, gone),
    ({ rollout, changed }) => ({
      outcome: changed ? 'done' : 'unchanged',
      after: { account, scope: reachOf(scopes, 'approve') || 'admin', ...countOf(rollout) },
    }),
  )
  const message = messageOf(approved, account)
  const { rollout } = approved
  answerAs(
    context,
    { message, ...deployView(rollout, ports.externalUrl) },
    () => `${message}\n${describeDeploy(rollout)}`,
  )
}

function countOf({ approvals, approved = [] }: Approved['rollout']) {
  return { approvals: approved.length, needed: approvals?.needed ?? 0 }
}

function messageOf({ rollout, changed }: Approved, account: string): string {
  const { approvals, needed } = countOf(rollout)
  const count = `it has ${approvals} of ${needed} approvals`
  return changed
    ? `${rollout.deploy} is approved by "${account}": ${count}.`
    : `"${account}" had approved ${rollout.deploy} before, and counts once: ${count}.`
}
