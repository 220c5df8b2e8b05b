import { approvalLines, approvalsText } from './describe-approvals.ts'
import { describeAutomaticHold, describeHold } from './holds.ts'
import { arithmetic } from './rollout/limits.ts'
import { isOver, type NodeProgress, type NodeState, type Phase, type Rollout } from './rollout/model.ts'
import type { ServiceState } from './service-state.ts'
import { filesOnly, type Rung } from './verification.ts'

/** Sentences about deploys and services, for terminals. Pure. */

const phaseTexts: Readonly<Record<Phase, string>> = {
  queued: 'is waiting for its turn',
  planning: 'asks who the fleet is',
  resolving: 'looks at the nodes and pins the dependencies',
  gated: 'waits for approval',
  staging: 'installs beside what runs',
  preparing: 'runs what is run once per deploy',
  rolling: 'switches node after node',
  soaking: 'watches for a while',
  paused: 'is paused',
  rolling_back: 'takes the touched nodes back',
  succeeded: 'succeeded',
  failed: 'failed',
  rolled_back: 'failed and was rolled back',
  rollback_failed: 'failed, and so did the rollback: see to it',
  superseded: 'was superseded before it began',
  aborted: 'was aborted',
  expired: 'was not approved in time, and ended',
}

const stateTexts: Readonly<Record<NodeState, string>> = {
  waiting: 'not looked at yet',
  ready: 'not touched',
  staged: 'installed beside, not touched',
  draining: 'leaving the balancer',
  activating: 'restarting',
  verifying: 'being verified',
  undraining: 'runs it, going back into the balancer',
  updated: 'runs it',
  current: 'ran it already',
  failed: 'out of order',
  restoring: 'going back',
  checking: 'back, being verified',
  returning: 'going back into the balancer',
  restored: 'is back on what it ran',
  lost: 'COULD NOT BE TAKEN BACK',
  stranded: 'has nothing to go back to',
  unreachable: 'unreachable, not touched',
  unprepared: 'failed before the switch, not touched',
  gone: 'has left the fleet',
  excluded: 'excluded',
}

/** Where nobody looks at a process. */
const filesTexts: Readonly<Partial<Record<NodeState, string>>> = {
  verifying: 'its files are being looked at',
  undraining: `has it (${filesOnly}), going back into the balancer`,
  updated: `has it (${filesOnly})`,
  current: `had it already (${filesOnly})`,
  checking: 'back, its files are being looked at',
  restored: `has what it had again (${filesOnly})`,
}

/** `running` is the deploy that the service is busy with, where it is known. */
export function describeDeploy(rollout: Rollout, running?: string): string {
  const { paused, nodes } = rollout
  const reason = rollout.reason ?? paused?.reason
  const width = Math.max(0, ...nodes.map(({ name }) => name.length))
  return [
    headline(rollout, running),
    ...(nodes.length === 0 ? [] : [`  Plan: ${planText(rollout)}.`]),
    ...fleetLines(rollout),
    ...(reason === undefined ? [] : [`  Reason: ${reason}`]),
    ...approvalLines(rollout),
    ...nodes.map((node) => `  ${node.name.padEnd(width)}  ${describeNode(node, rollout)}`),
    ...whatNow(rollout),
    ...stillDrained(rollout),
    '',
  ].join('\n')
}

/** As it was made when the deploy began, and who came since. */
export function planText(rollout: Rollout): string {
  const joined = rollout.nodes.filter((node) => node.joined).length
  const plan = arithmetic(rollout, rollout.nodes.length - joined)
  return joined === 0 ? plan : `${plan}; ${joined} joined while it ran`
}

export function fleetLines({ fleetProblem }: Pick<Rollout, 'fleetProblem'>): string[] {
  return fleetProblem === undefined ? [] : [`  Nodes that joined meanwhile are not known: ${fleetProblem}`]
}

/** What tells how a deploy stands. */
export type Standing = Pick<
  Rollout,
  | 'deploy'
  | 'project'
  | 'version'
  | 'service'
  | 'phase'
  | 'nodes'
  | 'paused'
  | 'aborted'
  | 'approvals'
  | 'approved'
  | 'approveBy'
  | 'verifies'
>

/** One sentence: what, where, and how far. */
export function headline(rollout: Standing, running?: string): string {
  const { deploy, project, version, service, phase } = rollout
  const waits = phase === 'queued' && running !== undefined && running !== deploy
  const standing = waits ? `waits for ${running} to end` : phaseText(rollout)
  return `${deploy}: ${project} ${version} on ${service} ${standing}.`
}

function phaseText(rollout: Standing): string {
  const { phase, aborted, paused } = rollout
  if (phase === 'paused' && paused?.from === 'queued') return 'is paused before it began'
  if (phase === 'paused' && paused !== undefined) return `is paused; it ${phaseTexts[paused.from]} when it goes on`
  if (phase === 'succeeded') {
    const only = rollout.verifies === 'files' ? ` (${filesOnly})` : ''
    return `${['succeeded', ...leftOut(rollout)].join(', ')}${only}`
  }
  if (phase === 'gated') return `${phaseTexts.gated} (${approvalsText(rollout)})`
  // One that waited for approval had begun.
  if (phase === 'superseded' && rollout.approveBy !== undefined) return 'was superseded before it was approved'
  return aborted && !isOver(phase) ? `was aborted, and ${phaseTexts[phase]}` : phaseTexts[phase]
}

/** Whom a success is without, each for its own cause. */
function leftOut({ nodes }: Standing): string[] {
  const out = nodes.flatMap((node) => {
    const cause = causeOf(node)
    return cause === undefined ? [] : [`${node.name} (${cause})`]
  })
  return out.length === 0 ? [] : [`without ${out.join(', ')}`]
}

/** Why a node does not run the release, where the deploy went on without it. */
export function causeOf({ state, failure }: NodeProgress): 'unreachable' | 'excluded' | 'failed' | 'gone' | undefined {
  if (state === 'unreachable' || state === 'excluded' || state === 'gone') return state
  // One that joined while the deploy ran counts as no failure of it.
  return failure || state === 'unprepared' ? 'failed' : undefined
}

export function describeNode(
  { state, before, problem, joined }: NodeProgress,
  { verifies }: Pick<Rollout, 'verifies'>,
): string {
  const was = before === undefined ? '' : ` (before: ${before.version}${before.healthy ? '' : ', not answering'})`
  return `${(verifies === 'files' && filesTexts[state]) || stateTexts[state]}${joined ? ', joined while it ran' : ''}${was}${problem === undefined ? '' : `: ${problem}`}`
}

function whatNow(rollout: Rollout): string[] {
  const { phase, nodes, reason, aborted } = rollout
  if (phase === 'paused') return whatOneCanDo(rollout)
  if (!isOver(phase) || reason === undefined || phase === 'superseded') return []
  const touched = nodes.some(({ activation }) => activation !== undefined)
  if (phase === 'expired') return ['  Nothing was touched. Promote it once more to ask for approval again.']
  if (!touched) return ['  Nothing that runs was touched.']
  const left = nodes.some(({ state }) => state === 'updated')
  if (phase === 'rollback_failed') {
    return left ? ['  Nodes that run the new version were left on it, as others are out of order.'] : []
  }
  if ((phase === 'rolled_back' || aborted) && left) {
    return ['  Nodes that did not serve before were left on the new version: they have nothing better to go back to.']
  }
  if (phase === 'rolled_back') return []
  return [touchedText(rollout)]
}

/** Loud, as no deploy comes back to them by itself. */
function stillDrained({ phase, nodes }: Rollout): string[] {
  const names = nodes.filter(({ drained }) => drained === true).map(({ name }) => name)
  if (!isOver(phase) || names.length === 0) return []
  return [
    `  STILL DRAINED: ${names.join(', ')}. Whoever does not serve is not put back into the balancer; the next deploy that brings`,
    '  such a node back to service does that, or you do by hand.',
  ]
}

function touchedText({ onFailure, nodes }: Rollout): string {
  if (nodes.some(({ state }) => state === 'updated' || state === 'failed') && onFailure === 'stop') {
    return '  It stopped there (on_failure: stop): the nodes that were touched stay as they are. Promote again to go on or back.'
  }
  if (nodes.some(({ state }) => state === 'restored')) return '  The nodes that were touched are back on what they ran.'
  return '  There was no earlier release that served to go back to.'
}

function whatOneCanDo({ deploy, paused }: Rollout): string[] {
  const post = (what: string) => `POST /deploys/${deploy}/${what}`
  if (!paused?.failure) return [`  To go on: ${post('resume')}. To go back: ${post('abort')}.`]
  return [
    `  To try again what failed: ${post('retry')}. To go on without it: ${post('resume')}, or node by node`,
    `  ${post('exclude/<node>')} and then resume. To go back: ${post('abort')}.`,
  ]
}

export function describeService(
  name: string,
  project: string,
  channel: string,
  state: ServiceState | undefined,
  rung: Rung,
): string {
  const parts = [
    `desired ${state?.desired?.version ?? '-'}`,
    `stable ${state?.stable?.version ?? '-'}`,
    ...(state?.running === undefined
      ? []
      : [`running ${state.running}${state.resting === undefined ? '' : ' (it waits for a person)'}`]),
    ...(state?.gated === undefined ? [] : [`waiting for approval ${state.gated}`]),
    ...(state?.waiting === undefined ? [] : [`waiting ${state.waiting}`]),
    ...(rung === 'files' ? [filesOnly] : []),
  ]
  const held = state?.hold === undefined ? '' : `\n  ${describeHold(name, state.hold)}`
  const automatic =
    state?.automaticHold === undefined || !channel.startsWith('upload:')
      ? ''
      : `\n  ${describeAutomaticHold(name, state.automaticHold)}`
  return `${name}  ${project} on ${channel}  ${parts.join(', ')}${held}${automatic}`
}
