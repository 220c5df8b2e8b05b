import type { LockChange, NodeLook, PromotionPlan, ServicePlan } from './dry-run.ts'

/** A dry run as text for terminals. Pure. */
export function describePlan({ project, version, channel, previous, services }: PromotionPlan): string {
  const from = previous === undefined ? '' : ` in place of ${previous}`
  const nobody = services.length === 0 ? ['No service subscribes: nothing would be deployed.'] : []
  return [
    `${channel} of ${project} would be ${version}${from}. Nothing was changed.`,
    ...nobody,
    ...services.flatMap(describeService),
    '',
  ].join('\n')
}

function describeService({ service, plan, approvals, waitsFor, nodes }: ServicePlan): readonly string[] {
  const width = Math.max(0, ...nodes.map(({ name }) => name.length))
  return [
    `${service}: ${plan}.${approvalsText(approvals)}${waitsFor === undefined ? '' : ` It would wait for ${waitsFor} to end.`}`,
    ...nodes.flatMap((node) => {
      const indent = ' '.repeat(width + 4)
      const { notes = [], warnings = [] } = node
      const found = notes.length === 0 ? [] : [`${indent}${notes.join(', ')}`]
      return [
        `  ${node.name.padEnd(width)}  ${describeLook(node)}`,
        ...found,
        ...warnings.map((warning) => `${indent}WARNING: ${warning}`),
      ]
    }),
  ]
}

function approvalsText(needed: number | undefined): string {
  if (needed === undefined) return ''
  return ` ${needed === 1 ? 'Another person would have to approve it' : `${needed} other people would have to approve it`} before anything is installed.`
}

function describeLook({ problem, before, changes, pinned }: NodeLook): string {
  if (problem !== undefined) return `CANNOT BE DEPLOYED TO: ${problem}`
  const silent = before?.healthy === false ? ', not answering' : ''
  const runs = before === undefined ? 'runs nothing yet' : `runs ${before.version}${silent}`
  if (changes === undefined) return `${runs}; dependencies not known`
  const what = changes.length === 0 ? 'no change' : changes.map(describeChange).join(', ')
  return `${runs}; ${what}${pinned === false ? ' (to be pinned)' : ''}`
}

/** Without `from` it is new, without `to` it goes. */
export function describeChange({ project, from, to }: LockChange): string {
  if (from === undefined) return `${project} ${to} (new)`
  return to === undefined ? `${project} ${from} (goes)` : `${project} ${from} -> ${to}`
}
