import { z } from 'zod'
import { pointerSchema } from '../channels/model.ts'
import { observedNodeSchema } from '../deploy/convergence/observation.ts'
import { beforeSchema, phases, rolloutSchema } from '../deploy/rollout/model.ts'
import { serviceStateSchema } from '../deploy/service-state.ts'
import { rungs } from '../deploy/verification.ts'

/**
 * What the deploy API answers in JSON, as `/openapi.json` shows it. Nothing is checked by these while it is answered; every
 * answer that a test sees is. Clients have to let pass what they do not know: fields may come, and none goes.
 */

const phase = z.enum(phases)
/** ISO 8601. */
const time = z.string()
const names = z.array(z.string())
const { approvals, approved, nodes } = rolloutSchema.shape

const deploy = z.object({
  id: z.string(),
  url: z.string(),
  service: z.string(),
  project: z.string(),
  version: z.string(),
  phase,
  reason: z.string().nullable(),
  pausedIn: phase.nullable(),
  approvals: z
    .object({
      ...approvals.unwrap().shape,
      given: approved.unwrap(),
      until: time.nullable(),
      askedAnew: z.object({ at: time, reason: z.string() }).nullable(),
    })
    .nullable(),
  plan: z.string().nullable(),
  verified: z.enum(rungs),
  fleetProblem: z.string().nullable(),
  without: z.object({ failed: names, unreachable: names, excluded: names, gone: names }),
  createdAt: time.nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  nodes,
})

const changes = z.array(z.object({ project: z.string(), from: z.string().optional(), to: z.string().optional() }))

const deployDetails = deploy.extend({
  by: z.string().optional(),
  at: time.optional(),
  channel: z.string().optional(),
  promotionReason: z.string().optional(),
  /** While it waits for approval. */
  changes: z.array(z.object({ nodes: names, changes })).optional(),
})

const promotion = z.object({
  message: z.string(),
  changed: z.boolean(),
  project: z.string(),
  channel: z.string(),
  pointer: pointerSchema,
  previous: pointerSchema.nullable(),
  deploys: z.array(deploy),
})

/** Of a dry run. */
const plan = z.object({
  project: z.string(),
  version: z.string(),
  channel: z.string(),
  previous: z.string().optional(),
  services: z.array(
    z.object({
      service: z.string(),
      plan: z.string(),
      approvals: z.int().optional(),
      waitsFor: z.string().optional(),
      nodes: z.array(
        z.object({
          name: z.string(),
          problem: z.string().optional(),
          before: beforeSchema.optional(),
          changes: changes.optional(),
          pinned: z.boolean().optional(),
          notes: names.optional(),
          warnings: names.optional(),
        }),
      ),
    }),
  ),
})

const channels = z.object({
  project: z.string(),
  channels: z.record(z.string(), z.object({ current: pointerSchema.optional(), history: z.array(pointerSchema) })),
})

const freeze = z.object({
  source: z.enum(['configuration', 'api']),
  id: z.string().nullable(),
  from: z.string(),
  until: z.string(),
  zone: z.string(),
  reason: z.string().nullable(),
  by: z.string().nullable(),
  at: time.nullable(),
})
const shownFreezes = z.object({ frozen: z.string().nullable(), freezes: z.array(freeze) })

const service = serviceStateSchema.omit({ considered: true, closing: true, freezes: true }).extend({
  name: z.string(),
  project: z.string(),
  channel: z.string(),
  verified: z.enum(rungs),
  ...shownFreezes.shape,
})
/** One whose document cannot be read. */
const unreadable = z.object({
  name: z.string(),
  project: z.string().optional(),
  error: z.string(),
  message: z.string(),
})
const standing = z.enum(['ok', 'other', 'silent', 'empty', 'unreachable'])
const observed = z.object({
  observedAt: time.nullable(),
  nodes: z.array(observedNodeSchema.extend({ standing })),
  drift: names,
})

const told = z.object({ message: z.string(), service: z.string() })

/** By the name that each has in `/openapi.json`. */
export const answerSchemas = {
  Deploy: deploy,
  DeployDetails: deployDetails,
  Approval: deploy.extend({ message: z.string() }),
  Promotion: promotion,
  PromotionOrPlan: z.union([promotion, plan]),
  Channels: channels,
  Services: z.object({ services: z.array(z.union([service, unreadable])) }),
  Service: service.extend(observed.shape),
  Hold: told.extend({ hold: serviceStateSchema.shape.hold.unwrap().nullable() }),
  Freezes: shownFreezes.extend({ service: z.string() }),
  Freeze: told.extend({ freeze: freeze.nullable() }),
} satisfies Readonly<Record<string, z.ZodType>>

/** By method and path, as in `openapi.ts`. */
export const answersOf: Readonly<Record<string, keyof typeof answerSchemas>> = {
  'post /promote/{project}/{version}': 'PromotionOrPlan',
  'get /channels/{project}': 'Channels',
  'get /services': 'Services',
  'get /services/{name}': 'Service',
  'post /services/{name}/hold': 'Hold',
  'post /services/{name}/release': 'Hold',
  'get /services/{name}/freezes': 'Freezes',
  'post /services/{name}/freezes': 'Freeze',
  'delete /services/{name}/freezes/{id}': 'Freeze',
  'post /services/{name}/relock': 'Promotion',
  'post /services/{name}/pin': 'Promotion',
  'post /services/{name}/rollback': 'Promotion',
  'get /deploys/{id}': 'DeployDetails',
  'post /deploys/{id}/pause': 'Deploy',
  'post /deploys/{id}/resume': 'Deploy',
  'post /deploys/{id}/abort': 'Deploy',
  'post /deploys/{id}/retry': 'Deploy',
  'post /deploys/{id}/exclude/{node}': 'Deploy',
  'post /deploys/{id}/approve': 'Approval',
}
