import type { Context } from 'koa'
import type { Rollout } from '../deploy/rollout/model.ts'

/** What `/deploys/<id>` and the answer of a promotion show. */
export function deployView(rollout: Rollout, externalUrl: string) {
  const { deploy, service, project, version, phase, reason, nodes, createdAt, startedAt, finishedAt } = rollout
  const time = (milliseconds: number | undefined) =>
    milliseconds === undefined ? null : new Date(milliseconds).toISOString()
  return {
    id: deploy,
    url: `${externalUrl}/deploys/${deploy}`,
    service,
    project,
    version,
    phase,
    reason: reason ?? null,
    createdAt: time(createdAt),
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    nodes,
  }
}

export function answerAs(context: Context, json: object, text: () => string): void {
  context.vary('Accept')
  if (context.accepts('text/plain', 'application/json') === 'application/json') context.body = json
  else context.body = text()
}
