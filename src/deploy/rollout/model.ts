import { z } from 'zod'

/** Where a deploy stands. Those after `rolling_back` are ends. */
export const phases = [
  'queued',
  'planning',
  'resolving',
  'staging',
  'rolling',
  'soaking',
  'rolling_back',
  'succeeded',
  'failed',
  'rolled_back',
  'rollback_failed',
  'superseded',
] as const

export type Phase = (typeof phases)[number]

/**
 * Where a node stands in a deploy.
 * - `waiting` → `ready` (probed) → `staged`: nothing that runs was touched.
 * - `activating` → `verifying` → `updated`: switched and restarted, checked, runs the new release.
 * - `current`: was seen running the new release before this deploy by the same process, and is left alone.
 * - `failed`: touched, and not seen running the new release; goes back if it can.
 * - `restoring` → `checking` → `restored`: back on what it ran before.
 * - `lost`: could not be taken back. `stranded`: had no earlier release to go back to.
 */
export const nodeStates = [
  'waiting',
  'ready',
  'staged',
  'activating',
  'verifying',
  'updated',
  'current',
  'failed',
  'restoring',
  'checking',
  'restored',
  'lost',
  'stranded',
] as const

export type NodeState = (typeof nodeStates)[number]

const before = z.object({
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
  /** What the node ran when the deploy began; absent on a first deploy. */
  before: before.optional(),
  /** What it is to run: `<version>-<first 12 of the lock's digest>`. */
  release: z.string().optional(),
  /** The attempt that restarted the service last: its mark on the node tells new processes from old ones. */
  activation: z.string().optional(),
  /** What went wrong here, as a sentence. */
  problem: z.string().optional(),
})

export type NodeProgress = Readonly<z.infer<typeof nodeProgress>>

export const effectKinds = [
  'plan',
  'probe',
  'resolve',
  'stage',
  'activate',
  'verify',
  'soak',
  'recheck',
  'restore',
  'check',
] as const

export type EffectKind = (typeof effectKinds)[number]

const effect = z.object({
  /** Names the run wherever it happens: the same attempt is never run twice. */
  attempt: z.string(),
  kind: z.enum(effectKinds),
  node: z.string().optional(),
  nodeClass: z.string().optional(),
  /** Milliseconds since the epoch at which a soak ends. */
  until: z.number().optional(),
})

/** Something that the world owes us: it was decided and saved, and its outcome is not yet known. */
export type Effect = Readonly<z.infer<typeof effect>>

export const rolloutSchema = z.object({
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
  maxUnavailable: z.int(),
  soakSeconds: z.number(),
  /** Whether the first node on the release was watched for a while: only then others are touched. */
  proven: z.boolean().optional(),
  /** Whether all updated nodes were looked at again since the last restart was decided. */
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
export type Outcome = { readonly ok: true; readonly found?: Finding } | { readonly ok: false; readonly problem: string }

export type Finding =
  | {
      readonly kind: 'plan'
      readonly nodes: readonly string[]
      readonly maxUnavailable: number
      readonly soakSeconds: number
    }
  | { readonly kind: 'probe'; readonly nodeClass: string; readonly before?: NodeProgress['before'] }
  | { readonly kind: 'resolve'; readonly lock: string }

export type RolloutEvent =
  | { readonly kind: 'begin' }
  | { readonly kind: 'superseded'; readonly by: string }
  | { readonly kind: 'outcome'; readonly attempt: string; readonly outcome: Outcome }

export function isOver(phase: Phase): boolean {
  return phases.indexOf(phase) > phases.indexOf('rolling_back')
}
