import { resolve } from 'node:path'
import { listedNodes, missingPlaceholders } from '../deploy/fleet.ts'
import type { ServiceDefinition } from '../deploy/service-definition.ts'
import { parseProjectName } from '../packaging/names.ts'
import type { FileSettings, ServiceSettings } from './file-schema.ts'
import type { Mistake } from './mistakes.ts'
import { settingsMistakes, sharedRoots } from './service-checks.ts'
import { type GatheredSettings, placesIn } from './service-files.ts'

/** Services in their final form: what they leave to the rest of the file is filled in, what they name exists. */
export function servicesOf(
  file: GatheredSettings,
  folder: string,
  externalUrl: string,
  mistakes: Mistake[],
): Readonly<Record<string, ServiceDefinition>> {
  const services: Record<string, ServiceDefinition> = {}
  const placeOf = placesIn(file)
  for (const [name, settings] of Object.entries(file.services)) {
    const path = placeOf(name)
    const definition = complete(path, settings, file, folder, mistakes)
    if (definition !== undefined) services[name] = definition
    mistakes.push(...fleetMistakes(path, settings), ...settingsMistakes(path, settings, externalUrl))
  }
  mistakes.push(...sharedRoots(services, placeOf))
  return services
}

function complete(
  path: string,
  settings: ServiceSettings,
  file: FileSettings,
  folder: string,
  mistakes: Mistake[],
): ServiceDefinition | undefined {
  const { user, port = 22, connect_seconds = 15, jump } = { ...file.ssh, ...settings.ssh }
  const project = parseProjectName(settings.project)
  const before = mistakes.length
  const subscribe = subscriptionOf(`${path}.subscribe`, settings, file, mistakes)
  if (project === undefined)
    mistakes.push({ path: `${path}.project`, problem: `"${settings.project}" is no project name` })
  if (user === undefined)
    mistakes.push({ path: `${path}.ssh.user`, problem: 'is missing, here and in ssh: at the top' })
  const login = loginOf(path, settings, file, folder, mistakes)
  if (mistakes.length > before || user === undefined || project === undefined) return undefined
  return {
    ...settings,
    project,
    subscribe,
    freezes: [...file.freezes, ...settings.freezes],
    fleet: fleetOf(settings, folder),
    ssh: { user, ...login, port, connect_seconds, ...(jump === undefined ? {} : { jump }) },
  }
}

/** A key or an agent: what a service says of either takes the place of what the file says. */
function loginOf(
  path: string,
  { ssh: own }: ServiceSettings,
  { ssh: shared }: FileSettings,
  folder: string,
  mistakes: Mistake[],
): Pick<ServiceDefinition['ssh'], 'key' | 'agent'> {
  const saysHow = own.key !== undefined || own.agent !== undefined
  const { key, agent } = saysHow ? own : shared
  const [at, problem] = [saysHow ? `${path}.ssh` : 'ssh', 'is there, and so is key: log in by one of the two']
  if (key !== undefined && agent !== undefined) mistakes.push({ path: `${at}.agent`, problem })
  if (key !== undefined) return { key: resolve(folder, key) }
  if (agent !== undefined) return { agent: agent === true ? agent : resolve(folder, agent) }
  mistakes.push({ path: `${path}.ssh.key`, problem: 'is missing, here and in ssh: at the top; or say agent' })
  return {}
}

function subscriptionOf(
  path: string,
  { subscribe: { promote, upload } }: ServiceSettings,
  { channels }: FileSettings,
  mistakes: Mistake[],
): ServiceDefinition['subscribe'] {
  if (upload !== undefined && promote !== undefined) {
    mistakes.push({ path, problem: 'has promote and upload: a service follows either a channel or uploads' })
  }
  if (upload !== undefined) return { upload }
  const channel = promote ?? channels[0] ?? ''
  if (!channels.includes(channel)) {
    mistakes.push({ path: `${path}.promote`, problem: `there is no channel "${channel}" among channels` })
  }
  return { promote: channel }
}

function fleetMistakes(path: string, settings: ServiceSettings): Mistake[] {
  const nodes = listedNodes(settings.fleet)
  const names = nodes.map((node) => node.name)
  const doubled = names.filter((name, at) => names.indexOf(name) !== at)
  return [
    ...doubled.map((name) => ({ path: `${path}.fleet.nodes`, problem: `"${name}" is there twice` })),
    ...nodes.flatMap((node, at) =>
      missingPlaceholders(node, settings).map((name) => ({
        path: `${path}.fleet.nodes.${at}.vars.${name}`,
        problem: `is missing: {${name}} is used by this service`,
      })),
    ),
  ]
}

/** Paths in it are absolute. */
function fleetOf({ fleet }: ServiceSettings, folder: string): ServiceDefinition['fleet'] {
  const { inventory } = fleet
  if (inventory?.file === undefined) return fleet
  return { inventory: { ...inventory, file: resolve(folder, inventory.file) } }
}
