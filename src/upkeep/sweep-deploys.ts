import { channelsDocument, currentOf } from '../channels/model.ts'
import type { Clock } from '../clock.ts'
import { type ServiceState, serviceDocument } from '../deploy/service-state.ts'
import { channelInId } from '../deploy/subscriptions.ts'
import { messageOf } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import type { ObjectEntry } from '../objects/object-store.ts'
import type { Swept } from './sweep-project.ts'

/** Of each service. What is among the newest or young enough stays. Times are milliseconds. */
export interface Retention {
  readonly deploys: number
  readonly deploysFor: number
  /** Deploys that keep what their nodes printed. */
  readonly logs: number
  readonly logsFor: number
}

export interface SweepDeploysPorts {
  readonly documents: Documents
  readonly clock: Clock
  readonly retention: Retention
  readonly report: (text: string) => void
  readonly signal?: AbortSignal
}

interface StoredDeploy {
  readonly id: string
  readonly documents: readonly ObjectEntry[]
  readonly logs: readonly ObjectEntry[]
  /** Milliseconds since the epoch at which its documents changed last. */
  readonly modified: number
}

/**
 * Removes deploys and what their nodes printed, by count and age. Never of one that a service refers to, nor of one for
 * what a channel has now. A service whose document cannot be read loses nothing.
 */
export async function sweepDeploys(ports: SweepDeploysPorts, dryRun: boolean): Promise<readonly Swept[]> {
  const { documents, signal } = ports
  const swept: Swept[] = []
  for (const [service, deploys] of await storedDeploys(documents)) {
    if (signal?.aborted) break
    try {
      const found = toSweep(deploys, await neededOf(documents, service), ports.retention, ports.clock.now())
      // The head goes last: a deploy whose removal was cut short is found again.
      if (!dryRun) for (const { key } of found) await documents.store.delete(key)
      swept.push(...found)
    } catch (error) {
      ports.report(`The deploys of ${service} are kept for now: ${messageOf(error)}`)
    }
  }
  return swept
}

/** Those of one service, newest first; pure. */
export function toSweep(
  deploys: readonly StoredDeploy[],
  isNeeded: (id: string) => boolean,
  { deploys: count, deploysFor, logs, logsFor }: Retention,
  now: number,
): readonly Swept[] {
  const newestFirst = [...deploys].sort((a, b) => b.modified - a.modified)
  return newestFirst.flatMap((deploy, at) => {
    if (isNeeded(deploy.id)) return []
    const age = now - deploy.modified
    const whole = at >= count && age > deploysFor
    const entries = [
      ...(whole || (at >= logs && age > logsFor) ? deploy.logs.map((entry) => [entry, 'log'] as const) : []),
      ...(whole ? deploy.documents.map((entry) => [entry, 'deploy'] as const) : []),
    ]
    return entries.map(([{ key, size }, why]) => ({ key, size, why }))
  })
}

async function storedDeploys({ store }: Documents): Promise<ReadonlyMap<string, readonly StoredDeploy[]>> {
  const found = new Map<string, Map<string, ObjectEntry[]>>()
  for await (const entry of store.list(keys.deployPrefix)) {
    const [service = '', id = ''] = entry.key.slice(keys.deployPrefix.length).split('/')
    const own = found.get(service) ?? new Map<string, ObjectEntry[]>()
    found.set(service, own.set(id, [...(own.get(id) ?? []), entry]))
  }
  return new Map(
    [...found].map(([service, deploys]) => [
      service,
      [...deploys].map(([id, entries]) => stored(service, id, entries)),
    ]),
  )
}

function stored(service: string, id: string, entries: readonly ObjectEntry[]): StoredDeploy {
  const output = keys.deployOutputPrefix(service, id)
  const documents = entries.filter(({ key }) => !key.startsWith(output))
  const isHead = ({ key }: ObjectEntry) => Number(key === keys.deployHead(service, id))
  return {
    id,
    documents: [...documents].sort((a, b) => isHead(a) - isHead(b)),
    logs: entries.filter(({ key }) => key.startsWith(output)),
    modified: Math.max(...entries.map(({ modified }) => modified)),
  }
}

/** What the service's own document names, and the deploys of what its channels point at. */
async function neededOf(documents: Documents, service: string): Promise<(id: string) => boolean> {
  const state = (await documents.read(serviceDocument, keys.service(service)))?.value
  if (state === undefined) return () => false
  const named = new Set(namedBy(state))
  const current: string[] = []
  for (const considered of Object.keys(state.considered)) {
    const [project = '', channel] = considered.split('/')
    if (channel === undefined) continue
    const channels = (await documents.read(channelsDocument, keys.channels(project)))?.value
    const pointer = currentOf(channels, channel)
    if (pointer !== undefined) current.push(`${service}.${channelInId(channel)}.${pointer.serial}`)
  }
  // With a digest behind it where another promotion had the id (request-deploy.ts); repairs of it are others.
  const isOf = (id: string, one: string) => id.startsWith(one) && /^(-[0-9a-f]{8})?$/.test(id.slice(one.length))
  return (id) => named.has(id) || current.some((one) => isOf(id, one))
}

function namedBy({
  running,
  waiting,
  gated,
  closing,
  stable,
  desired,
  recent,
}: ServiceState): readonly (string | undefined)[] {
  return [running, waiting, gated, stable?.deploy, desired?.deploy, ...closing, ...recent.map(({ deploy }) => deploy)]
}
