import type { Clock } from '../clock.ts'
import { DomainError, isDomainError } from '../errors.ts'
import type { Documents, Versioned } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { type Lease, leaseDocument } from './documents.ts'

export interface HeldLease extends AsyncDisposable {
  /** Higher than that of all who held it before. */
  readonly fence: number
  /** Aborted when the lease was lost, or could not be renewed for so long that others may take it. */
  readonly lost: AbortSignal
}

export interface Leases {
  /** `undefined` where another worker holds it, as far as one can see. */
  acquire(service: string): Promise<HeldLease | undefined>
}

export interface LeaseSettings {
  /** Names this process, and no other ever. */
  readonly holder: string
  readonly termSeconds: number
}

/**
 * A lease has expired when its document stayed unchanged for its term on the observer's own monotonic clock: clocks of
 * different machines are never compared. Where this process alone owns the store, another holder is a dead one.
 */
export function leasesIn(documents: Documents, clock: Clock, settings: LeaseSettings): Leases {
  const seen = new Map<string, { readonly version: string; readonly since: number }>()
  const term = settings.termSeconds * 1000

  function mayTake(service: string, current: Versioned<Lease>): boolean {
    if (current.value.released) return true
    if (documents.store.exclusive && current.value.holder !== settings.holder) return true
    const known = seen.get(service)
    if (known?.version === current.version) return clock.monotonic() - known.since >= term
    seen.set(service, { version: current.version, since: clock.monotonic() })
    return false
  }

  return {
    async acquire(service) {
      const key = keys.lease(service)
      const first = { holder: settings.holder, fence: 1, released: false, beat: 0 }
      const began = clock.monotonic()
      const current = await documents.create(leaseDocument, key, first)
      if (current.created) return hold(documents, clock, key, current, began, term)
      if (!mayTake(service, current)) return undefined
      const fence = current.value.fence + 1
      const taken = await documents.replace(leaseDocument, key, { ...first, fence }, current)
      return taken === 'conflict' ? undefined : hold(documents, clock, key, taken, began, term)
    },
  }
}

function hold(
  documents: Documents,
  clock: Clock,
  key: string,
  taken: Versioned<Lease>,
  began: number,
  term: number,
): HeldLease {
  const lost = new AbortController()
  const done = new AbortController()
  let current = taken
  let renewed = began
  const renew = async (released: boolean) => {
    const started = clock.monotonic()
    const next = { ...current.value, released, beat: current.value.beat + 1 }
    const written = await documents.replace(leaseDocument, key, next, current)
    if (written === 'conflict') throw new DomainError('lease-lost', 'Another worker has taken over.')
    current = written
    renewed = started
  }
  const beating = (async () => {
    for (;;) {
      await clock.sleep(term / 3, done.signal)
      if (done.signal.aborted) return
      // Counted from when the last renewal was sent, as an observer saw it no earlier; a store that hangs is no excuse.
      const late = clock.sleep(renewed + term * 0.8 - clock.monotonic(), done.signal).then(() => 'late' as const)
      const how = await Promise.race([late, renew(false).catch((error: unknown) => error)])
      if (done.signal.aborted) return
      if (isDomainError(how, 'lease-lost') || clock.monotonic() - renewed > term * 0.8) return lost.abort()
    }
  })()
  return {
    fence: taken.value.fence,
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      done.abort()
      await beating
      // Not released where it was lost or the store is away: then it expires.
      if (!lost.signal.aborted) await renew(true).catch(() => undefined)
    },
  }
}
