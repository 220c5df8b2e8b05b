import { type RefusalCatalogue, refusing } from '../refusals.ts'
import { archiveLimits } from './limits.ts'

export const inflatedTotalRefusals = {
  'archive-too-many-members': {
    means: `The archive has more than ${archiveLimits.members} members.`,
    fix: 'Split the project into several, or pack its data files into one.',
  },
  'archive-inflates-too-far': {
    means: `The members unpack to more than ${archiveLimits.inflatedBytes / 1024 ** 3} GiB together.`,
    fix: 'Publish large data elsewhere and download it at run time.',
  },
  'archive-bomb': {
    means: `The members unpack to more than ${archiveLimits.ratioAppliesAbove / 1024 ** 2} MiB, and to more than ${archiveLimits.ratio} times the size of the archive: whoever unpacks it may run out of disk.`,
    fix: 'Leave out the file that is full of the same bytes, or make it at run time.',
  },
} as const satisfies RefusalCatalogue

const refuse = refusing(inflatedTotalRefusals)

export function checkMemberCount(count: number): void {
  if (count <= archiveLimits.members) return
  throw refuse('archive-too-many-members', `it has more than ${archiveLimits.members} members`)
}

/** Bounds what the members unpack to, all together: a bound for each one would refuse harmless files of zeros. */
export function checkInflatedTotal(inflated: number, packed: number): void {
  if (inflated > archiveLimits.inflatedBytes)
    throw refuse('archive-inflates-too-far', `it unpacks to more than ${archiveLimits.inflatedBytes} bytes`)
  if (inflated <= archiveLimits.ratioAppliesAbove || inflated <= packed * archiveLimits.ratio) return
  throw refuse('archive-bomb', `it unpacks to more than ${archiveLimits.ratio} times its size (${packed} bytes)`)
}
