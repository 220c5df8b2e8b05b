import { existsSync } from 'node:fs'
import { listedNodes, placesOn, planNode } from '../deploy/fleet.ts'
import { allowedOf, waveOf } from '../deploy/rollout/limits.ts'
import type { ServiceDefinition } from '../deploy/service-definition.ts'
import type { ServiceSettings } from './file-schema.ts'
import { layoutMistakes } from './layout-checks.ts'
import type { Mistake } from './mistakes.ts'
import type { PlaceOf } from './service-files.ts'
import { verifyMistakes } from './verify-checks.ts'

/** How nodes reach the index, and whether somebody said so. */
export interface ExternalUrl {
  readonly url: string
  readonly isDefault: boolean
}

/** What is well-formed, and would go wrong at the first deploy or, worse, without a word. */
export function settingsMistakes(path: string, settings: ServiceSettings, externalUrl: string): Mistake[] {
  return [
    ...rootMistakes(path, settings),
    ...layoutMistakes(path, settings),
    ...indexMistakes(`${path}.indexes`, settings.indexes, externalUrl),
    ...hostMistakes(path, settings),
    ...rolloutMistakes(`${path}.rollout`, settings),
    ...verifyMistakes(`${path}.verify`, settings),
    ...drainMistakes(path, settings),
  ]
}

/** Between nodes, of whatever services. */
export function sharedRoots(services: Readonly<Record<string, ServiceDefinition>>, placeOf: PlaceOf): Mistake[] {
  const owners = new Map<string, string>()
  return Object.entries(services).flatMap(([service, definition]) =>
    listedNodes(definition.fleet).flatMap((node, at) => {
      const planned = planNode(node, definition)
      const places = placesOn(planned)
      const taken = places.find(({ place }) => owners.has(place))
      const owner = taken && owners.get(taken.place)
      for (const { place } of places) owners.set(place, owners.get(place) ?? `${planned.name} of ${service}`)
      if (taken === undefined) return []
      const problem = `"${planned.name}" is the place of ${owner} as well (${taken.place}): each needs a ${taken.what} of its own`
      return [{ path: `${placeOf(service)}.fleet.nodes.${at}`, problem }]
    }),
  )
}

/** For processes that deploy: others need neither key nor nodes. */
export function deployingMistakes(
  services: Readonly<Record<string, ServiceDefinition>>,
  placeOf: PlaceOf,
  external: ExternalUrl,
  ownAgent: string | undefined,
): Mistake[] {
  return Object.entries(services).flatMap(([service, definition]) => {
    const place = placeOf(service)
    return [...loginMistakes(`${place}.ssh`, definition.ssh, ownAgent), ...reachMistakes(place, definition, external)]
  })
}

/** Whether an agent is there that is named is found out at each login: it may be started after us, or anew. */
function loginMistakes(
  path: string,
  { key, agent }: ServiceDefinition['ssh'],
  ownAgent: string | undefined,
): Mistake[] {
  if (key !== undefined) return existsSync(key) ? [] : [{ path: `${path}.key`, problem: `there is no file ${key}` }]
  if (agent !== true || ownAgent !== undefined) return []
  const problem =
    'is true, and SSH_AUTH_SOCK is not set: start this process beside an SSH agent, or name its socket here'
  return [{ path: `${path}.agent`, problem }]
}

function reachMistakes(place: string, definition: ServiceDefinition, { url, isDefault }: ExternalUrl): Mistake[] {
  // Through the worker one arrives on its own machine, where the server may well be.
  if (!isDefault || definition.index_access === 'ssh' || !isLoopback(new URL(url).hostname)) return []
  const remote = listedNodes(definition.fleet)
    .map((node) => planNode(node, definition).address)
    .find((address) => !isLoopback(address))
  if (remote === undefined) return []
  const problem =
    `is ${url} where nothing is said, and ${remote} of ${place} would look for the index on itself: ` +
    'say how nodes reach this server (or WHEELHOUSE_EXTERNAL_URL)'
  return [{ path: 'server.external_url', problem }]
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host)
}

function rootMistakes(path: string, { root, fleet }: ServiceSettings): Mistake[] {
  const roots = listedNodes(fleet).map((node, at) => ({ path: `${path}.fleet.nodes.${at}.root`, root: node.root }))
  return [{ path: `${path}.root`, root }, ...roots]
    .filter((one) => one.root?.split('/').includes('..'))
    .map((one) => ({ path: one.path, problem: 'must not lead upwards by ".."' }))
}

function drainMistakes(path: string, { drain, undrain }: ServiceSettings): Mistake[] {
  if ((drain === undefined) === (undrain === undefined)) return []
  const [there, missing] = drain === undefined ? ['undrain', 'drain'] : ['drain', 'undrain']
  const why =
    missing === 'undrain' ? 'nodes would leave the balancer and never come back' : 'nodes never left the balancer'
  return [{ path: `${path}.${missing}`, problem: `is missing, and ${there} is there: ${why}` }]
}

function indexMistakes(path: string, indexes: readonly string[], externalUrl: string): Mistake[] {
  const mistakes: Mistake[] = []
  if (!indexes.includes('self')) {
    mistakes.push({ path, problem: 'lack "self": what is hosted here would be looked for elsewhere' })
  }
  const own = new URL(externalUrl)
  for (const [at, index] of indexes.entries()) {
    if (index === 'self') continue
    const { hostname, host, origin } = new URL(index)
    if (hostname !== own.hostname || origin === own.origin) continue
    // netrc(5) knows machines, not ports.
    const problem =
      `is on the host of this index (${own.host}): pip would send it the token with which nodes read here. ` +
      `Reach one of the two by another name than ${host.replace(/:\d+$/, '')}`
    mistakes.push({ path: `${path}.${at}`, problem })
  }
  return mistakes
}

function hostMistakes(path: string, { index_access: access, index_hosts: hosts }: ServiceSettings): Mistake[] {
  if (access === 'ssh' || hosts.length === 0) return []
  return [{ path: `${path}.index_hosts`, problem: 'is for index_access: ssh; without it nodes reach what they can' }]
}

function rolloutMistakes(path: string, { fleet, rollout }: ServiceSettings): Mistake[] {
  const names = listedNodes(fleet).map(({ name }) => name)
  const canary = fleet.inventory === undefined ? canaryMistakes(`${path}.canary`, names, rollout) : []
  return [...unavailableMistakes(path, names.length, rollout), ...waveMistakes(path, names.length, rollout), ...canary]
}

function unavailableMistakes(path: string, count: number, rollout: ServiceSettings['rollout']): Mistake[] {
  const { max_unavailable: allowed, all_at_once: meant = false } = rollout
  const most = allowedOf(allowed, count)
  if (count < 2 || most < count || meant) return []
  const problem = `${most} of ${count} nodes: all would be out of service at once. Say all_at_once: true if that is meant`
  return [{ path: `${path}.max_unavailable`, problem }]
}

function waveMistakes(path: string, count: number, rollout: ServiceSettings['rollout']): Mistake[] {
  const { waves = [], canary, wave_soak_seconds: soak } = rollout
  const ends = waves.map((wave) => waveOf(wave, count))
  const shrinking = ends.flatMap((end, at) => (end < (ends[at - 1] ?? 0) ? [at] : []))
  const mistakes = shrinking.map((at) => ({
    path: `${path}.waves.${at}`,
    problem: `ends after ${ends[at]} of ${count} nodes, before the wave in front of it (${ends[at - 1]}): each counts all nodes so far`,
  }))
  if (soak === undefined || waves.length > 0 || canary !== undefined) return mistakes
  return [...mistakes, { path: `${path}.wave_soak_seconds`, problem: 'is for waves or canary, and neither is there' }]
}

function canaryMistakes(path: string, names: readonly string[], rollout: ServiceSettings['rollout']): Mistake[] {
  const { canary = [] } = rollout
  return canary.flatMap((name, at) => {
    if (!names.includes(name)) return [{ path: `${path}.${at}`, problem: `there is no node "${name}" in fleet.nodes` }]
    return canary.indexOf(name) < at ? [{ path: `${path}.${at}`, problem: `"${name}" is there twice` }] : []
  })
}
