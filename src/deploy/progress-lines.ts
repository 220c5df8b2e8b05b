import { describeNode, fleetLines, headline, type Standing } from './describe.ts'
import { approvalsText, askedAnewText, describeApproval } from './describe-approvals.ts'
import type { NodeProgress, Rollout } from './rollout/model.ts'

/** What of a deploy is told while it goes on. */
export type Progress = Standing & Pick<Rollout, 'reason' | 'askedAnew' | 'fleetProblem'>

/** What a person who watches is told of a deploy: first how it stands, then line by line what changed. Pure. */
export function progressLines(before: Progress | undefined, after: Progress): readonly string[] {
  const known = new Map(before?.nodes.map((node) => [node.name, node]))
  const width = Math.max(0, ...after.nodes.map(({ name }) => name.length))
  return [
    ...(before?.phase === after.phase ? [] : [headline(after)]),
    ...newApprovals(before, after),
    ...(after.reason === undefined || before?.reason === after.reason ? [] : [`  Reason: ${after.reason}`]),
    ...(before?.fleetProblem === after.fleetProblem ? [] : fleetLines(after)),
    ...after.nodes
      .filter((node) => isNews(known.get(node.name), node))
      .map((node) => `  ${node.name.padEnd(width)}  ${describeNode(node)}`),
  ]
}

function newApprovals(before: Progress | undefined, after: Progress): readonly string[] {
  const { askedAnew } = after
  const anew = askedAnew === undefined || askedAnew.at === before?.askedAnew?.at ? [] : [askedAnew]
  const counted = anew.length > 0 ? 0 : (before?.approved?.length ?? 0)
  const given = after.approved?.slice(counted) ?? []
  return [
    ...anew.map((one) => `  ${askedAnewText(one)}`),
    ...given.map((one) => `  Approved by ${describeApproval(one)} (${approvalsText(after)})`),
  ]
}

function isNews(before: NodeProgress | undefined, { state, problem, joined }: NodeProgress): boolean {
  if (before === undefined) return state !== 'waiting' || joined === true
  return before.state !== state || before.problem !== problem
}
