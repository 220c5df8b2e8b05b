import { z } from 'zod'
import { unknownFleet } from '../deploy/find-fleet.ts'
import type { FleetNode } from '../deploy/fleet.ts'

const names = z.array(z.string())
const variables = z.record(z.string(), z.unknown())
const group = z.object({ hosts: names.default([]), children: names.default([]), vars: variables.default({}) })
const meta = z.object({ hostvars: z.record(z.string(), variables).default({}) })

type Variables = z.infer<typeof variables>
type Group = z.infer<typeof group>

interface Inventory {
  readonly groups: ReadonlyMap<string, Group>
  readonly hostvars: Readonly<Record<string, Variables>>
}

/**
 * The hosts of a group, with its children, in what `ansible-inventory --list` and inventory scripts print. `ansible_host`,
 * `_port` and `_user` are taken, and other variables fill `{placeholders}`: those of the host before those of its groups.
 * Pure; throws `deploy-step-failed` with a sentence.
 */
export function nodesInInventory(text: string, wanted: string): readonly FleetNode[] {
  const inventory = parse(text)
  const hosts = hostsOf(inventory, wanted)
  const byDepth = [...inventory.groups]
    .map(([name, { vars }]) => ({ name, vars, depth: depthOf(inventory, name), members: membersOf(inventory, name) }))
    .sort((a, b) => a.depth - b.depth)
  return hosts.map((host) => {
    const inherited = byDepth.filter(({ name, members }) => name === 'all' || members.has(host))
    return nodeOf(host, Object.assign({}, ...inherited.map(({ vars }) => vars), inventory.hostvars[host]))
  })
}

function parse(text: string): Inventory {
  const parsed = variables.safeParse(parseJson(text))
  if (!parsed.success) {
    throw unknownFleet('The inventory is no JSON object: what ansible-inventory --list prints is wanted.')
  }
  const { _meta: about = {}, ...rest } = parsed.data
  const groups = Object.entries(rest).map(([name, value]): [string, Group] => {
    // A script may give a plain list of hosts.
    return [name, read(group, Array.isArray(value) ? { hosts: value } : value, `group "${name}"`)]
  })
  return { groups: new Map(groups), hostvars: read(meta, about, 'part "_meta"').hostvars }
}

function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path = [], message = '' } = parsed.error.issues[0] ?? {}
  const problem = `${path.length === 0 ? '' : `${path.join('.')}: `}${message.replace(/^Invalid input: /, '')}`
  throw unknownFleet(`The ${what} of the inventory is not as Ansible has it: ${problem}.`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function hostsOf(inventory: Inventory, wanted: string): readonly string[] {
  const { groups, hostvars } = inventory
  if (wanted === 'all') {
    const all = [...groups.keys()].flatMap((name) => [...membersOf(inventory, name)])
    return [...new Set([...all, ...Object.keys(hostvars)])]
  }
  if (groups.has(wanted)) return [...membersOf(inventory, wanted)]
  const known = [...groups.keys()].slice(0, 20).join(', ') || 'none'
  throw unknownFleet(`The inventory has no group "${wanted}". Its groups: ${known}.`)
}

/** With those of its children, and theirs; `above` are the groups on the way down to it. */
function membersOf(inventory: Inventory, name: string, above: readonly string[] = []): ReadonlySet<string> {
  const { hosts, children } = inventory.groups.get(name) ?? { hosts: [], children: [] }
  refuseCircle(name, above)
  const below = children.flatMap((child) => [...membersOf(inventory, child, [...above, name])])
  return new Set([...hosts, ...below])
}

/** Of several ways down to a group the longest counts: its variables stand over those of all groups above it. */
function depthOf(inventory: Inventory, name: string, below: readonly string[] = []): number {
  if (name === 'all') return -1
  refuseCircle(name, below)
  const parents = [...inventory.groups].filter(([, { children }]) => children.includes(name))
  return Math.max(0, ...parents.map(([parent]) => 1 + depthOf(inventory, parent, [...below, name])))
}

function refuseCircle(name: string, path: readonly string[]): void {
  if (path.includes(name)) throw unknownFleet(`The group "${name}" of the inventory contains itself.`)
}

function nodeOf(name: string, vars: Variables): FleetNode {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name)) {
    const text = `The inventory has a host ${shown(name)}: names may have letters, digits, dots and dashes.`
    throw unknownFleet(text)
  }
  const { ansible_host: address, ansible_port: port, ansible_user: user } = vars
  return {
    name,
    ...(address === undefined ? {} : { address: textOf(name, 'ansible_host', address, /^[A-Za-z0-9._:%-]+$/) }),
    ...(port === undefined ? {} : { port: portOf(name, port) }),
    ...(user === undefined ? {} : { user: textOf(name, 'ansible_user', user, /^[^\s{}]+$/) }),
    vars: placeholders(vars),
  }
}

/** Templates are not filled in by `ansible-inventory`: what still has braces is no address. */
function textOf(host: string, variable: string, value: unknown, fit: RegExp): string {
  if (typeof value === 'string' && fit.test(value)) return value
  throw unknownFleet(`${variable} of ${host} in the inventory is ${shown(value)}, which is not usable as it is.`)
}

function portOf(host: string, value: unknown): number {
  const port = typeof value === 'string' ? Number.parseInt(value, 10) : value
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw unknownFleet(`ansible_port of ${host} in the inventory is ${shown(value)}, which is no port.`)
}

function placeholders(vars: Variables): Readonly<Record<string, string>> {
  const usable = Object.entries(vars).filter(
    ([name, value]) =>
      /^[a-z_]+$/.test(name) && !name.startsWith('ansible_') && ['string', 'number', 'boolean'].includes(typeof value),
  )
  return Object.fromEntries(usable.map(([name, value]) => [name, String(value)]))
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}
