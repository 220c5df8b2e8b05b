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
      .map((node) => `  ${node.name.padEnd(width)}  ${describeNode(node, after)}`),
  ]
}

/**
 * How deploys stand, as many lines as fit on a terminal: node by node, or where those are too many, how many of them stand
 * how. Pure.
 */
export function progressPicture(
  deploys: readonly Progress[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): readonly string[] {
  // One row is the cursor's.
  const room = Math.max(1, rows - 1)
  const whole = deploys.flatMap((one) => progressLines(undefined, one))
  const lines = whole.length <= room ? whole : deploys.flatMap(counted)
  return lines.slice(0, room).map((line) => shown(line).slice(0, columns))
}

function counted({ nodes, ...deploy }: Progress): readonly string[] {
  const states = [...new Set(nodes.map(({ state }) => state))]
  const counts = states.map((state) => {
    const names = nodes.filter((node) => node.state === state).map(({ name }) => name)
    return `  ${String(names.length).padStart(4)} ${describeNode({ name: '', state }, deploy)}: ${names.join(', ')}`
  })
  return [...progressLines(undefined, { ...deploy, nodes: [] }), ...counts]
}

/** What came from a node may move the cursor, or be of several lines. */
function shown(line: string): string {
  return line.replace(/\p{Cc}/gu, ' ')
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
