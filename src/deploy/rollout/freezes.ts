import { z } from 'zod'

/**
 * When nothing is rolled out by itself or unforced. `from` and `to` are both a date with a time, 2026-12-23T18:00, or both a
 * weekday with a time, fri 16:00, or both a time, 22:00, on the clocks of a time zone. Pure: Intl knows the zones.
 */
export const freezeSchema = z
  .strictObject({
    from: z.string(),
    to: z.string(),
    zone: z.string().refine(isZone, 'is no time zone that is known here; write it as Europe/Berlin').default('UTC'),
    reason: z.string().min(1).optional(),
  })
  .superRefine((freeze, context) => {
    const message = problemWith(freeze)
    if (message !== undefined) context.addIssue({ code: 'custom', path: [], message })
  })

export type Freeze = Readonly<z.infer<typeof freezeSchema>>

const imposedFreeze = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  zone: z.string(),
  reason: z.string(),
  /** Name of the token. */
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
})

/** Made while the server runs, by a person. */
export type ImposedFreeze = Readonly<z.infer<typeof imposedFreeze>>

export const imposedFreezes = z.array(imposedFreeze)

/** All that a service has at a moment; of two lists the one with the higher serial holds. */
export const imposedSchema = z.object({ serial: z.int(), freezes: imposedFreezes })

/** A freeze that is on, and when the last of those that follow each other without a gap ends. */
export interface Frozen {
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly freeze: Freeze
}

const day = 86_400_000
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** What is on the clock of a zone, as milliseconds since the epoch of a clock without zones. */
type Local = number

type Moment =
  | { readonly kind: 'once'; readonly local: Local; readonly instant: number | undefined }
  | { readonly kind: 'week' | 'day'; readonly weekday: number; readonly time: number }

export function frozenAt(freezes: readonly Freeze[], now: number): Frozen | undefined {
  let frozen: Frozen | undefined
  // Each round goes beyond the end of one; freezes that never leave a gap are cut off in the end.
  for (let round = 0; round < 60; round++) {
    const at = frozen?.until ?? now
    const next = freezes.flatMap((freeze) => endOf(freeze, at) ?? []).sort((a, b) => b.until - a.until)[0]
    if (next === undefined) return frozen
    frozen = { until: next.until, freeze: frozen?.freeze ?? next.freeze }
  }
  return frozen
}

/** Whether a freeze never comes again. */
export function isPast({ to, zone }: Freeze, now: number): boolean {
  const end = momentOf(to)
  return end?.kind === 'once' && instantOf(zone, end, 'last') <= now
}

/** `frozen until 2026-11-30 08:00 Europe/Berlin (weekend)` */
export function describeFrozen({ until, freeze: { zone, reason } }: Frozen): string {
  const local = new Date(localAt(zone, until)).toISOString().slice(0, 16).replace('T', ' ')
  return `frozen until ${local} ${zone}${reason === undefined ? '' : ` (${reason})`}`
}

function problemWith({ from, to, zone }: Pick<Freeze, 'from' | 'to' | 'zone'>): string | undefined {
  const [start, end] = [momentOf(from), momentOf(to)]
  if (start === undefined || end === undefined) {
    const odd = start === undefined ? from : to
    return `"${odd}" is no time of a freeze: write 2026-12-23T18:00, "fri 16:00" or "22:00"`
  }
  if (start.kind !== end.kind) return 'from and to must both be a date, both a weekday, or both a time'
  if (start.kind !== 'once' || end.kind !== 'once') return from === to ? 'would never be over' : undefined
  if (!isZone(zone)) return undefined
  return instantOf(zone, start, 'first') < instantOf(zone, end, 'last') ? undefined : 'ends before it begins'
}

function momentOf(text: string): Moment | undefined {
  const once = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?$/.exec(text)
  if (once !== null) {
    const [, date = '', time = '', offset] = once
    const local = Date.parse(`${date}T${time}Z`)
    const instant = offset === undefined ? undefined : Date.parse(`${date}T${time}${offset}`)
    return Number.isNaN(local) ? undefined : { kind: 'once', local, instant }
  }
  const [, name, hours = '', minutes = ''] = /^(?:([a-z]{3}) )?([01]\d|2[0-3]):([0-5]\d)$/i.exec(text) ?? []
  const weekday = name === undefined ? 0 : weekdays.indexOf(name.toLowerCase())
  if (hours === '' || weekday < 0) return undefined
  return { kind: name === undefined ? 'day' : 'week', weekday, time: (Number(hours) * 60 + Number(minutes)) * 60_000 }
}

/** When this freeze ends, where it is on. */
function endOf(freeze: Freeze, at: number): Frozen | undefined {
  const [from, to] = [momentOf(freeze.from), momentOf(freeze.to)]
  const windows =
    from?.kind === 'once' && to?.kind === 'once'
      ? [[instantOf(freeze.zone, from, 'first'), instantOf(freeze.zone, to, 'last')] as const]
      : from === undefined || to === undefined || from.kind === 'once' || to.kind === 'once'
        ? []
        : recurring(freeze.zone, from, to, at)
  const until = Math.max(...windows.filter(([start, end]) => start <= at && at < end).map(([, end]) => end))
  return Number.isFinite(until) ? { until, freeze } : undefined
}

type Recurring = Extract<Moment, { readonly kind: 'week' | 'day' }>

/** Those that may be on: of each day of the last week on which one begins. */
function recurring(zone: string, from: Recurring, to: Recurring, at: number): readonly (readonly [number, number])[] {
  const today = Math.floor(localAt(zone, at) / day) * day
  const days = Array.from({ length: 9 }, (_, ago) => today + day - ago * day)
  const beginning = days.filter((date) => from.kind === 'day' || new Date(date).getUTCDay() === from.weekday)
  const cycle = from.kind === 'day' ? 1 : 7
  const later = (to.weekday - from.weekday + 7) % 7
  const length = later === 0 && to.time <= from.time ? cycle : later
  return beginning.map((date) => [earliest(zone, date + from.time), latest(zone, date + length * day + to.time)])
}

function instantOf(zone: string, moment: Extract<Moment, { kind: 'once' }>, which: 'first' | 'last'): number {
  if (moment.instant !== undefined) return moment.instant
  return which === 'first' ? earliest(zone, moment.local) : latest(zone, moment.local)
}

/** Where clocks are set back a time comes twice, and where they are set forward it is the moment after. */
function instants(zone: string, local: Local): readonly number[] {
  const offsets = [local - day, local + day].map((around) => localAt(zone, around) - around)
  const meant = offsets.map((offset) => local - offset).filter((instant) => localAt(zone, instant) === local)
  return meant.length > 0 ? meant : [local - (offsets[0] ?? 0)]
}

function earliest(zone: string, local: Local): number {
  return Math.min(...instants(zone, local))
}

function latest(zone: string, local: Local): number {
  return Math.max(...instants(zone, local))
}

function localAt(zone: string, instant: number): Local {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  } as const)
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
  const seconds = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return seconds + (((instant % 1000) + 1000) % 1000)
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
