import { z } from 'zod'
import { parseSpecifiers } from '../packaging/specifiers.ts'
import { installers } from './node/find-uv.ts'
import { pidfile, restartSchema } from './restart-definition.ts'
import { freezeSchema } from './rollout/freezes.ts'
import { failurePolicies } from './rollout/model.ts'

/**
 * A service as wheelhouse.yaml has it, field by field as a person writes it. A deploy keeps it in this form: one schema for
 * what is written, what is stored and what workers read.
 */

const seconds = z.number().positive().max(86_400)
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and dashes, at most 63')
const words = z.array(z.string().min(1)).min(1, 'expected at least one word')
/** Absolute, and fit to stand in a shell line and in a shebang, which ends at a blank. */
const folder = z.string().regex(/^\/[A-Za-z0-9._/{}-]+$/, 'expected an absolute path without spaces')
const webUrl = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' })

const nodeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/, 'use letters, digits, dots and dashes')

/** `[user@]host[:port]`, an IPv6 address in brackets. */
export const jumpPattern = /^(?:([^@\s]+)@)?(?:\[([0-9A-Fa-f:.]+)\]|([^@:\s[\]]+))(?::(\d{1,5}))?$/

/** Its socket on the machine of whoever logs in, or the one that `SSH_AUTH_SOCK` names there. */
export const sshAgent = z.union([z.literal(true), z.string().min(1)], 'expected true or the path of a socket')

/** How to log in. What a service leaves out comes from the `ssh:` at the top of the file. */
export const sshSchema = z.strictObject({
  user: z.string().min(1),
  /** Either of the two. */
  key: z.string().min(1).optional(),
  agent: sshAgent.optional(),
  port: z.int().min(1).max(65_535),
  connect_seconds: seconds,
  /** Through which one logs in, the nearest first. */
  jump: z.array(z.string().regex(jumpPattern, 'expected [user@]host[:port]')).optional(),
})

const fleetNode = z.union([
  nodeName,
  z.strictObject({
    name: nodeName,
    address: z.string().min(1).optional(),
    port: z.int().min(1).max(65_535).optional(),
    user: z.string().min(1).optional(),
    python: z.string().min(1).optional(),
    root: folder.optional(),
    vars: z.record(z.string().regex(/^[a-z_]+$/, 'name variables with a-z and _'), z.string()).optional(),
  }),
])

/** So many nodes, or a share of the fleet. */
function amount(least: 0 | 1) {
  const error = `expected a number of nodes, at least ${least}, or a share of them, ${least}% to 100%`
  const share = least === 0 ? /^(100|[1-9]?[0-9])%$/ : /^(100|[1-9][0-9]?)%$/
  return z.union([z.int({ error }).min(least, error), z.string().regex(share, error)], { error })
}

/** A command or a file that gives what `ansible-inventory --list` does. */
const inventory = z
  .strictObject({
    /** Words, without a shell, on the machine of whoever carries the deploy. */
    command: words.optional(),
    file: z.string().min(1).optional(),
    group: z.string().min(1).default('all'),
    seconds: seconds.default(60),
    /** So many nodes fewer than the last deploy had are believed. */
    max_shrink: amount(0).default('50%'),
  })
  .refine(({ command, file }) => (command === undefined) !== (file === undefined), 'expected either command or file')

export type InventorySource = Readonly<z.infer<typeof inventory>>

const fleet = z
  .strictObject({
    nodes: z.array(fleetNode).min(1, 'expected at least one node').optional(),
    inventory: inventory.optional(),
  })
  .refine(({ nodes, inventory: source }) => (nodes === undefined) !== (source === undefined), {
    error: 'expected either nodes: [...] or inventory: {...}',
  })

const verifySettings = z.strictObject(
  {
    /** Where the service tells its version and process; without it what is seen is a process that was started from the release. */
    url: z
      .string()
      .regex(/^https?:\/\/[^\s]+$/, 'expected an http or https URL, as the node itself reaches it')
      .optional(),
    /** Names that process, where `restart` does not. */
    pidfile: pidfile.optional(),
    /** Chosen by somebody who knows that nobody looks at a process then. */
    files: z.literal(true).optional(),
    version: jsonPointer('/version'),
    pid: jsonPointer('/pid'),
    probes: z.int().min(1).max(100).default(3),
    interval_seconds: seconds.default(1),
    timeout_seconds: seconds.default(60),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'expected url: and so on, process or files' : undefined) },
)

/** How a service is seen to run a release, see `verification.ts`; a rung of that ladder may be chosen by a word. */
const verify = z.preprocess((value) => {
  if (value === 'process') return {}
  return value === 'files' ? { files: true } : value
}, verifySettings)

function jsonPointer(byDefault: string) {
  return z
    .string()
    .regex(/^(\/[^/]+)+$/, `expected a JSON pointer such as ${byDefault}`)
    .default(byDefault)
}

const soakSeconds = z.number().min(0).max(86_400)

const rollout = z.strictObject({
  max_unavailable: amount(1).default(1),
  /** Says that a fleet is meant to be out of service as a whole. */
  all_at_once: z.boolean().optional(),
  install_seconds: seconds.default(600),
  restart_seconds: seconds.default(120),
  unreachable_seconds: seconds.default(120),
  soak_seconds: soakSeconds.default(10),
  /** How many nodes have been touched when a wave ends; the last wave is always all of them. */
  waves: z.array(amount(1)).min(1, 'expected at least one wave').optional(),
  wave_soak_seconds: soakSeconds.optional(),
  /** Nodes that go first. */
  canary: z.array(nodeName).min(1, 'expected at least one node').optional(),
  max_failures: amount(0).default(0),
  max_unreachable: amount(0).default(0),
  on_failure: z.enum(failurePolicies).default('roll_back'),
  keep_releases: z.int().min(1).max(1000).default(5),
})

/** Secrets have no place in a URL; and what is asked for with credentials of ours must not go to somebody else's index. */
const index = webUrl.refine((url) => new URL(url).username === '' && new URL(url).password === '', {
  error: 'credentials have no place in a URL; let the index be readable by the nodes without them',
})

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:\d{1,5})?$/, 'expected a host, or host:port')
  .refine((text) => URL.canParse(`https://${text}`), 'expected a host, or host:port')

/** A command around the restart of each node, run there or on the machine of the worker that carries the deploy. */
const hook = z.strictObject({
  command: words,
  on: z.enum(['node', 'worker']).default('node'),
  seconds: seconds.default(60),
})

/** A command that is run on one node, once in a deploy, in the environment of the new release. */
const oncePerDeploy = z.strictObject({
  command: words,
  seconds: seconds.default(600),
  /** Whether it is run by deploys of an older version than the last that succeeded. */
  on_rollback: z.boolean().default(false),
})

/** How many people have to approve a deploy before anything of it is installed. */
const approvals = z.strictObject({
  needed: z.int().min(1).max(20),
  expire_hours: z.number().positive().max(8_760).default(72),
  /** Whether going back to what the service ran well before needs them too. */
  on_rollback: z.boolean().default(false),
})

/** How often the nodes are looked at apart from deploys, 0 for never, and whether those that drifted are repaired. */
const converge = z.strictObject({
  every_minutes: z.number().min(0).max(1440).default(5),
  repair: z.boolean().default(false),
})

/** Follows uploads: the newest release that matches is deployed by itself. */
const upload = z.strictObject({
  /** PEP 440; any version where left out. */
  versions: z
    .string()
    .refine((text) => parseSpecifiers(text) !== undefined, 'expected version specifiers as pip has them: >=1.4,<2')
    .optional(),
  prereleases: z.boolean().default(false),
  /** For so long nothing may have been added to a release before it is deployed. */
  settle_seconds: z.number().min(0).max(86_400).default(30),
})

/** `releases`: an environment for each release, and a link. `in-place`: one environment, in which wheels are replaced. */
export const layouts = ['releases', 'in-place'] as const

export type UploadSubscription = Readonly<z.infer<typeof upload>>

/** In its final form, as a deploy keeps it. */
export const serviceSchema = z.strictObject({
  project: z.string().min(1),
  extras: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is no name of an extra')).default([]),
  /** Either of the two, see `subscriptions.ts`. */
  subscribe: z.strictObject({ promote: name.optional(), upload: upload.optional() }),
  fleet,
  ssh: sshSchema,
  python: z.string().min(1).default('python3'),
  root: folder,
  layout: z.enum(layouts).default('releases'),
  /** The environment that is upgraded in place; only with that layout. */
  venv: z
    .string()
    .regex(/^[/{][A-Za-z0-9._/{}-]+$/, 'expected an absolute path without spaces, such as {root}/venv')
    .optional(),
  installer: z.enum(installers).default('auto'),
  indexes: z
    .array(z.union([z.literal('self'), index]))
    .min(1)
    .default(['self']),
  /** How the installers on the nodes reach the indexes: by themselves, or through the worker, over its SSH connection. */
  index_access: z.enum(['direct', 'ssh']).default('direct'),
  /** What they may reach that way besides; port 443 where none is named. */
  index_hosts: z.array(hostAndPort).default([]),
  restart: restartSchema,
  verify,
  drain: hook.optional(),
  undrain: hook.optional(),
  once_per_deploy: oncePerDeploy.optional(),
  rollout: rollout.prefault({}),
  approvals: approvals.optional(),
  converge: converge.prefault({}),
  /** With those at the top of the file. */
  freezes: z.array(freezeSchema).default([]),
})

export const serviceName = name

export type ServiceDefinition = z.infer<typeof serviceSchema>
