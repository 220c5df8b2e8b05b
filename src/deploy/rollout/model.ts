import { z } from 'zod'
import { approvalSchema, approvalsSchema, type Control } from './control.ts'
import { freezeSchema, imposedSchema } from './freezes.ts'

/** Where a deploy stands. In `gated` it waits for approvals, in `paused` for a person; those after `rolling_back` are ends. */
export const phases = [
  'queued',
  'planning',
  'resolving',
  'gated',
  'staging',
  'preparing',
  'rolling',
  'soaking',
  'paused',
  'rolling_back',
  'succeeded',
  'failed',
  'rolled_back',
  'rollback_failed',
  'superseded',
  'aborted',
  'expired',
] as const

export type Phase = (typeof phases)[number]

/**
 * Where a node stands in a deploy.
 * - `waiting` → `ready` (probed) → `staged`: nothing that runs was touched.
 * - `draining`: taken out of the balancer, where the service says how; untouched otherwise.
 * - `activating` → `verifying` → `undraining` → `updated`: switched and restarted, checked, back in the balancer, runs the new
 *   release.
 * - `current`: was seen running the new release before this deploy by the same process, and is left alone.
 * - `failed`: touched, and not seen running the new release; goes back if it can.
 * - `restoring` → `checking` → `returning` → `restored`: drained and put back on what it ran before, checked, back in the
 *   balancer. One that was only drained is `returning` from there.
 * - `lost`: could not be taken back. `stranded`: had no earlier release to go back to.
 * - `gone`: out of reach, and no longer part of the fleet: nobody misses it, and it counts against no budget.
 * - Left out, untouched: `unreachable` (nobody could ask it), `unprepared` (what comes before the switch failed there).
 * - `excluded`: left out by a person; one that was touched was taken back before, or could not be.
 */
export const nodeStates = [
  'waiting',
  'ready',
  'staged',
  'draining',
  'activating',
  'verifying',
  'undraining',
  'updated',
  'current',
  'failed',
  'restoring',
  'checking',
  'returning',
  'restored',
  'lost',
  'stranded',
  'unreachable',
  'unprepared',
  'gone',
  'excluded',
] as const

export type NodeState = (typeof nodeStates)[number]

export const beforeSchema = z.object({
  /** Name of the folder under `releases/`. */
  release: z.string(),
  version: z.string(),
  /** Whether the service answered with this version when the deploy began. */
  healthy: z.boolean(),
  /** Whether the process that answered is the one that a deploy saw run this release. */
  verified: z.boolean().optional(),
})

const nodeProgress = z.object({
  name: z.string(),
  state: z.enum(nodeStates),
  /** Digest of the node's markers and tags. */
  nodeClass: z.string().optional(),
  /** Version of the interpreter that makes the environments there. */
  python: z.string().optional(),
  /** What the node ran when the deploy began; absent on a first deploy. */
  before: beforeSchema.optional(),
  /** What it is to run: `<version>-<first 12 of the lock's digest>`. */
  release: z.string().optional(),
  /** The attempt that restarted the service last: its mark on the node tells new processes from old ones. */
  activation: z.string().optional(),
  /** Number of the decision to restart it last: who was restarted before whom. */
  touched: z.int().optional(),
  /** Decisions before it was looked at again last, as others were restarted. */
  looked: z.int().optional(),
  /** Whether it is owed an undrain: from the decision to drain it until it was seen to be back in the balancer. */
  drained: z.boolean().optional(),
  /** Undrains that failed, one after another. */
  undrains: z.int().optional(),
  /** Whether it came into the fleet while the deploy ran. */
  joined: z.boolean().optional(),
  /** What went wrong here, as a sentence. */
  problem: z.string().optional(),
  /** Counts against the budget of failures, whatever became of the node afterwards. */
  failure: z.boolean().optional(),
  /**
   * What is decided of a failed node while the others go on: taken back by itself (`restored`), taken back and left out
   * (`excluded`), or tried once more (`again`). Without it the node waits for what is decided of all.
   */
  fate: z.enum(['restored', 'excluded', 'again']).optional(),
  /** The wave in which it is touched, from 0. */
  wave: z.int().optional(),
})

export type NodeProgress = Readonly<z.infer<typeof nodeProgress>>

export const effectKinds = [
  'plan',
  'discover',
  'probe',
  'resolve',
  'stage',
  'prepare',
  'drain',
  'activate',
  'verify',
  'undrain',
  'soak',
  'recheck',
  'restore',
  'check',
  'kill',
] as const

export type EffectKind = (typeof effectKinds)[number]

const effect = z.object({
  /** Names the run wherever it happens: the same attempt is never run twice. */
  attempt: z.string(),
  kind: z.enum(effectKinds),
  node: z.string().optional(),
  nodeClass: z.string().optional(),
  /** Of a kill: the attempt, and where it runs. */
  victim: z.object({ attempt: z.string(), node: z.string() }).optional(),
  /**
   * How long a soak lasts, and how long nothing is tried again, on the clock that only grows of whoever acts: the clock of a
   * machine may jump, and another's says something else. Whoever takes over waits anew.
   */
  seconds: z.number().optional(),
  /** In documents from before: milliseconds since the epoch at which that ends. */
  until: z.number().optional(),
})

/** Something that the world owes us: it was decided and saved, and its outcome is not yet known. */
export type Effect = Readonly<z.infer<typeof effect>>

export const failurePolicies = ['roll_back', 'stop', 'pause'] as const

export type FailurePolicy = (typeof failurePolicies)[number]

/** What a fleet allows, as counts of its nodes. In documents from before there were such, all that is optional is absent. */
const limits = z.object({
  maxUnavailable: z.int(),
  soakSeconds: z.number(),
  /** Between waves, where it differs from the soak. */
  waveSoakSeconds: z.number().optional(),
  /** How many nodes have been touched at the end of each wave, the last being all; absent: one wave. */
  waves: z.array(z.int()).optional(),
  /** Nodes that go first. */
  canary: z.array(z.string()).optional(),
  maxFailures: z.int().optional(),
  maxUnreachable: z.int().optional(),
  onFailure: z.enum(failurePolicies).optional(),
  /** What is seen before a node counts as updated, where no process tells its version: see `verification.ts`. */
  verifies: z.enum(['process', 'files']).optional(),
  /** Whether nodes are taken out of a balancer before they are touched, and put back. */
  drains: z.boolean().optional(),
  /** Whether something is run once, on one node, before the first restart. */
  prepares: z.boolean().optional(),
  /** Whether it is asked who the fleet is between waves too: another program knows that. */
  asksAgain: z.boolean().optional(),
  /** When no wave is begun. */
  freezes: z.array(freezeSchema).optional(),
  /** Those that people made besides, as far as it was told of them; absent where none holds it up. */
  imposed: imposedSchema.optional(),
  /** Absent where nobody has to approve. */
  approvals: approvalsSchema.optional(),
})

export type Limits = Readonly<z.infer<typeof limits>>

const paused = z.object({
  /** Where it goes on. */
  from: z.enum(phases),
  /** Why, as a sentence. */
  reason: z.string(),
  /** Whether something failed, so that it waits for what is to be done about it. */
  failure: z.boolean(),
  /** Whether a freeze is why. */
  frozen: z.boolean().optional(),
})

export const rolloutSchema = limits.extend({
  deploy: z.string(),
  service: z.string(),
  project: z.string(),
  version: z.string(),
  /** Part of each attempt's name, so that no other store ever has the same: nodes remember attempts. */
  nonce: z.string().optional(),
  phase: z.enum(phases),
  /** Of the worker that carries it. */
  fence: z.int(),
  /** Effects decided so far; numbers their attempts. */
  decided: z.int(),
  /** Number of the last control that was taken. */
  controls: z.int().optional(),
  paused: paused.optional(),
  /** Each of another person. */
  approved: z.array(approvalSchema).optional(),
  /** Milliseconds since the epoch: by then it has its approvals, or ends. Set once it waits for them. */
  approveBy: z.number().optional(),
  /** The locks that were there to be seen when it went on with its approvals. */
  approvedLocks: z.record(z.string(), z.string()).optional(),
  /** Since when the approvals that it had count no more, in milliseconds since the epoch, and why, as a sentence. */
  askedAnew: z.object({ at: z.number(), reason: z.string() }).optional(),
  /** Whether a person let it go on in a freeze: no other of the configuration holds it up. */
  thawed: z.boolean().optional(),
  /** Those that people had made by then. */
  passed: z.array(z.string()).optional(),
  /** Whether a person ended it: it goes back, and ends as `aborted`. */
  aborted: z.boolean().optional(),
  /** Whether that which is run once was decided: it never is again. */
  prepared: z.boolean().optional(),
  /** The wave that may be touched: those before it were watched. */
  wave: z.int().optional(),
  /** Before which wave it was asked last who the fleet is, and how often after all of them. */
  asked: z.object({ wave: z.int(), ends: z.int() }).optional(),
  /** Why that could not be told when it was asked last, as a sentence. */
  fleetProblem: z.string().optional(),
  /** Whether the first node on the release was watched for a while: only then others are touched. */
  proven: z.boolean().optional(),
  /**
   * Whether updated nodes were looked at again since the last restart was decided. Absent: since something else happened, after
   * which all of them have to be, not a sample.
   */
  rechecked: z.boolean().optional(),
  nodes: z.array(nodeProgress),
  /** Digest of the lock of each class of node. */
  locks: z.record(z.string(), z.string()),
  effects: z.array(effect),
  /** Why it did not succeed: the first thing that went wrong. */
  reason: z.string().optional(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  startedAt: z.number().optional(),
  finishedAt: z.number().optional(),
})

/** One run that moves a service's fleet to one version; everything that another worker needs to go on with it. */
export type Rollout = Readonly<
  Omit<z.infer<typeof rolloutSchema>, 'nodes' | 'effects'> & {
    readonly nodes: readonly NodeProgress[]
    readonly effects: readonly Effect[]
  }
>

/** How an effect ended. `plan`, `probe` and `resolve` bring what was found. */
export type Outcome =
  | { readonly ok: true; readonly found?: Finding }
  | {
      readonly ok: false
      readonly problem: string
      /** Whether the node could not be asked at all: that says nothing about the release. */
      readonly unreachable?: boolean
      /** Whether it has left the fleet besides. */
      readonly gone?: boolean
    }

export type Finding =
  | ({ readonly kind: 'plan'; readonly nodes: readonly string[] } & Limits)
  | { readonly kind: 'discover'; readonly newcomers: readonly string[] }
  | {
      readonly kind: 'probe'
      readonly nodeClass: string
      readonly python?: string
      readonly before?: NodeProgress['before']
    }
  | { readonly kind: 'resolve'; readonly lock: string }

export type RolloutEvent =
  | { readonly kind: 'begin' }
  | { readonly kind: 'superseded'; readonly by: string }
  | { readonly kind: 'outcome'; readonly attempt: string; readonly outcome: Outcome }
  | { readonly kind: 'control'; readonly control: Control }

export function isOver(phase: Phase): boolean {
  return phases.indexOf(phase) > phases.indexOf('rolling_back')
}
