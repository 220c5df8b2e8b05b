import { describeChange } from './describe-plan.ts'
import type { PendingChanges } from './pending-changes.ts'
import { isGated, missingApprovals } from './rollout/approving.ts'
import type { Approval } from './rollout/control.ts'
import type { Rollout } from './rollout/model.ts'

/** Sentences about approvals, for terminals. Pure. */

const namesShown = 5

type Gated = Pick<Rollout, 'approvals' | 'approved'>

/** `1 of 2: ada`; nothing where none is needed. */
export function approvalsText({ approvals, approved = [] }: Gated): string {
  if (approvals === undefined) return ''
  const names = approved.map(({ by }) => by).join(', ')
  return `${approved.length} of ${approvals.needed}${names === '' ? '' : `: ${names}`}`
}

/** Who approved, how many are missing, and how one approves. */
export function approvalLines(rollout: Rollout): readonly string[] {
  const { deploy, approved = [], approveBy, askedAnew } = rollout
  const anew = askedAnew === undefined ? [] : [`  ${askedAnewText(askedAnew)}`]
  const given = [...anew, ...approved.map((one) => `  Approved by ${describeApproval(one)}`)]
  if (!isGated(rollout)) return given
  const missing = missingApprovals(rollout)
  const until = approveBy === undefined ? '' : `, until ${minute(new Date(approveBy).toISOString())} UTC`
  const needed = `${missing} more ${missing === 1 ? 'approval is' : 'approvals are'} needed${until}`
  return [
    ...given,
    ...(missing === 0 ? [] : [`  ${needed}: wheelhouse approve ${deploy}, or POST /deploys/${deploy}/approve.`]),
  ]
}

/** What comes with the release, class of node by class of node. */
export function pendingLines(pending: readonly PendingChanges[]): string {
  return pending
    .map(({ nodes, changes }) => {
      const what = changes.length === 0 ? 'no dependency changes' : changes.map(describeChange).join(', ')
      return `  On ${few(nodes)}: ${what}\n`
    })
    .join('')
}

function few(names: readonly string[]): string {
  if (names.length <= namesShown) return names.join(', ')
  return `${names.slice(0, namesShown).join(', ')} and ${names.length - namesShown} more`
}

export function describeApproval({ by, account, at, reason }: Approval): string {
  const who = account === undefined || account === by ? by : `${by} (${account})`
  return `${who} on ${minute(at)} UTC${reason === undefined ? '' : `: ${reason}`}`
}

export function askedAnewText({ reason }: NonNullable<Rollout['askedAnew']>): string {
  return `Asked for approval again: ${reason}`
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}
