import type { PlannedNode } from './documents.ts'
import { fill, placeholdersIn } from './placeholders.ts'
import type { JumpHost } from './remote-host.ts'
import { restartOf, restartTexts } from './restart-plan.ts'
import { jumpPattern, type ServiceDefinition } from './service-definition.ts'
import { mainOf } from './verification.ts'

/** A machine of a fleet as discovery answers: what is left out comes from the service. */
export interface FleetNode {
  readonly name: string
  readonly address?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly python?: string | undefined
  readonly root?: string | undefined
  /** For `{placeholders}` in the service's root, restart and URL. */
  readonly vars?: Readonly<Record<string, string>> | undefined
}

/**
 * Port: who a service's fleet is, now. Rejects with `deploy-step-failed` and a sentence where it cannot be told: an outage is
 * not an empty fleet.
 */
export interface Discovery {
  nodes(definition: Pick<ServiceDefinition, 'fleet'>, signal?: AbortSignal): Promise<readonly FleetNode[]>
}

/** The nodes that stand in the definition itself; none where an inventory has them. */
export function listedNodes({ nodes = [] }: ServiceDefinition['fleet']): readonly FleetNode[] {
  return nodes.map((node) => (typeof node === 'string' ? { name: node } : node))
}

/** Everything about a node that a deploy needs, with the placeholders filled in. */
export function planNode(node: FleetNode, definition: ServiceDefinition): PlannedNode {
  const address = node.address ?? node.name
  const values = { ...node.vars, name: node.name, address }
  const root = fill(node.root ?? definition.root, values)
  const venv =
    definition.layout === 'in-place' ? fill(definition.venv ?? '{root}/venv', { ...values, root }) : undefined
  const withRoot = { ...values, root, ...(venv && { venv }) }
  const { user, key, agent, port, connect_seconds, jump } = definition.ssh
  return {
    name: node.name,
    address,
    port: node.port ?? port,
    user: node.user ?? user,
    ...(key === undefined ? {} : { key }),
    ...(agent === undefined ? {} : { agent }),
    connectSeconds: connect_seconds,
    ...(jump === undefined ? {} : { jump: jump.map((text) => jumpHost(text, user)) }),
    python: node.python ?? definition.python,
    root,
    ...(venv && { venv }),
    ...restartOf(definition.restart, withRoot),
    ...seenBy(definition, withRoot),
    hooks: hooksOf(definition, withRoot),
  }
}

function seenBy(
  definition: ServiceDefinition,
  values: Readonly<Record<string, string>>,
): Pick<PlannedNode, 'url' | 'main'> {
  const { url, files } = definition.verify
  if (url !== undefined) return { url: fill(url, values) }
  const main = files ? undefined : mainOf(definition, values)
  return main === undefined ? {} : { main }
}

/** What of a machine belongs to a node of a service alone. */
export function placesOn({
  address,
  port,
  root,
  venv,
}: PlannedNode): readonly { readonly place: string; readonly what: string }[] {
  const on = (path: string) => `${address.toLowerCase()} port ${port}, ${path.replace(/\/+$/, '')}`
  return [{ place: on(root), what: 'root' }, ...(venv === undefined ? [] : [{ place: on(venv), what: 'venv' }])]
}

/** Without a user of its own one logs in there as on the nodes. */
function jumpHost(text: string, user: string): JumpHost {
  const [, own, numeric, name, port] = jumpPattern.exec(text) ?? []
  return { address: numeric ?? name ?? text, port: port === undefined ? 22 : Number(port), user: own ?? user }
}

function hooksOf(
  { drain, undrain, once_per_deploy: once }: ServiceDefinition,
  values: Readonly<Record<string, string>>,
): PlannedNode['hooks'] {
  const words = (hook: { readonly command: readonly string[] }) => hook.command.map((word) => fill(word, values))
  return {
    ...(drain === undefined ? {} : { drain: words(drain) }),
    ...(undrain === undefined ? {} : { undrain: words(undrain) }),
    ...(once === undefined ? {} : { once: words(once) }),
  }
}

/** Names in braces that the service uses and the node has no value for. */
export function missingPlaceholders(
  node: FleetNode,
  definition: Pick<
    ServiceDefinition,
    'root' | 'layout' | 'venv' | 'restart' | 'verify' | 'drain' | 'undrain' | 'once_per_deploy'
  >,
): readonly string[] {
  const { root, layout, venv = '', restart, verify, drain, undrain, once_per_deploy: once } = definition
  const hooks = [...(drain?.command ?? []), ...(undrain?.command ?? [])]
  const texts = [node.root ?? root, venv, ...restartTexts(restart), verify.url ?? '', verify.pidfile ?? '', ...hooks]
  const onceNames = (once?.command ?? []).flatMap(placeholdersIn).filter((name) => name !== 'release')
  const known = new Set([
    'name',
    'address',
    'root',
    ...(layout === 'in-place' ? ['venv'] : []),
    ...Object.keys(node.vars ?? {}),
  ])
  return [...new Set([...texts.flatMap(placeholdersIn), ...onceNames])].filter((name) => !known.has(name))
}
