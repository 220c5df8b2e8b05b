import { describeHold } from './holds.ts'
import { isOver, type NodeProgress, type NodeState, type Phase, type Rollout } from './rollout/model.ts'
import type { ServiceState } from './service-state.ts'

/** Sentences about deploys and services, for terminals. Pure. */

const phaseTexts: Readonly<Record<Phase, string>> = {
  queued: 'is waiting for its turn',
  planning: 'asks who the fleet is',
  resolving: 'looks at the nodes and pins the dependencies',
  staging: 'installs beside what runs',
  rolling: 'switches node after node',
  soaking: 'watches for a while',
  rolling_back: 'takes the touched nodes back',
  succeeded: 'succeeded',
  failed: 'failed',
  rolled_back: 'failed and was rolled back',
  rollback_failed: 'failed, and so did the rollback: see to it',
  superseded: 'was superseded before it began',
}

const stateTexts: Readonly<Record<NodeState, string>> = {
  waiting: 'not looked at yet',
  ready: 'not touched',
  staged: 'installed beside, not touched',
  activating: 'restarting',
  verifying: 'being verified',
  updated: 'runs it',
  current: 'ran it already',
  failed: 'out of order',
  restoring: 'going back',
  checking: 'back, being verified',
  restored: 'is back on what it ran',
  lost: 'COULD NOT BE TAKEN BACK',
  stranded: 'has nothing to go back to',
}

/** `running` is the deploy that the service is busy with, where it is known. */
export function describeDeploy(rollout: Rollout, running?: string): string {
  const { reason, nodes } = rollout
  const width = Math.max(0, ...nodes.map(({ name }) => name.length))
  return [
    headline(rollout, running),
    ...(reason === undefined ? [] : [`  Reason: ${reason}`]),
    ...nodes.map((node) => `  ${node.name.padEnd(width)}  ${describeNode(node)}`),
    ...whatNow(rollout),
    '',
  ].join('\n')
}

type Standing = Pick<Rollout, 'deploy' | 'project' | 'version' | 'service' | 'phase'>

/** One sentence: what, where, and how far. */
export function headline({ deploy, project, version, service, phase }: Standing, running?: string): string {
  const waits = phase === 'queued' && running !== undefined && running !== deploy
  const standing = waits ? `waits for ${running} to end` : phaseTexts[phase]
  return `${deploy}: ${project} ${version} on ${service} ${standing}.`
}

export function describeNode({ state, before, problem }: NodeProgress): string {
  const was = before === undefined ? '' : ` (before: ${before.version}${before.healthy ? '' : ', not answering'})`
  return `${stateTexts[state]}${was}${problem === undefined ? '' : `: ${problem}`}`
}

function whatNow({ phase, nodes, reason }: Rollout): string[] {
  if (!isOver(phase) || reason === undefined || phase === 'superseded') return []
  const touched = nodes.some(({ state }) => !['waiting', 'ready', 'staged', 'current'].includes(state))
  if (!touched) return ['  Nothing that runs was touched.']
  const left = nodes.some(({ state }) => state === 'updated')
  if (phase === 'rollback_failed' && left)
    return ['  Nodes that run the new version were left on it, as others are out of order.']
  if (phase === 'rolled_back' && left)
    return ['  Nodes that did not serve before were left on the new version: they have nothing better to go back to.']
  if (phase === 'failed') return ['  There was no earlier release that served to go back to.']
  return []
}

export function describeService(
  name: string,
  project: string,
  channel: string,
  state: ServiceState | undefined,
): string {
  const parts = [
    `desired ${state?.desired?.version ?? '-'}`,
    `stable ${state?.stable?.version ?? '-'}`,
    ...(state?.running === undefined ? [] : [`running ${state.running}`]),
    ...(state?.waiting === undefined ? [] : [`waiting ${state.waiting}`]),
  ]
  const held = state?.hold === undefined ? '' : `\n  ${describeHold(name, state.hold)}`
  return `${name}  ${project} on ${channel}  ${parts.join(', ')}${held}`
}
