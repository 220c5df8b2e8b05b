import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'
import { controlSchema } from './rollout/control.ts'
import { type Rollout, rolloutSchema } from './rollout/model.ts'
import { serviceSchema, sshAgent } from './service-definition.ts'

const request = z.object({
  /** `<service>.<channel>.<serial>`, see `request-deploy.ts`: the same promotion never makes two deploys of a service. */
  deploy: z.string(),
  service: z.string(),
  project: z.string(),
  version: z.string(),
  channel: z.string(),
  /** Of the channel's pointer. */
  serial: z.int(),
  /** The files that were promoted. */
  files: z.array(z.object({ filename: z.string(), sha256: z.string() })),
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
  reason: z.string().optional(),
  /** How often the release had been pinned anew when the deploy was asked for, see `relock.ts`. */
  generation: z.int().optional(),
  /** Whether it was promoted by force: a fleet that shrank is believed. */
  force: z.boolean().optional(),
  /** Whether somebody asked for it as a rollback. */
  rollback: z.boolean().optional(),
  /** As it was when the deploy was asked for: workers with another configuration carry it out all the same. */
  definition: serviceSchema,
})

/** What was asked for: `deploys/<service>/<id>/request.json`, never changed. */
export type DeployRequest = Readonly<z.infer<typeof request>>

const plannedNode = z.object({
  name: z.string(),
  address: z.string(),
  port: z.int(),
  user: z.string(),
  /** Path of the private key on the worker's machine, or the socket of an agent there, which may be the one of its environment. */
  key: z.string().optional(),
  agent: sshAgent.optional(),
  connectSeconds: z.number(),
  jump: z.array(z.object({ address: z.string(), port: z.int(), user: z.string() })).optional(),
  python: z.string(),
  /** The service's folder there. */
  root: z.string(),
  /** A line of POSIX shell; where there is a pid file only what to say of it. */
  restart: z.string(),
  /** POSIX shell that tells more where the restart failed. */
  explain: z.string().optional(),
  /** Names the process that gets a signal. */
  pidfile: z.string().optional(),
  /** USR2 where there is a pid file and nothing is said: it starts its own successor. HUP: it stays, and starts new workers. */
  signal: z.enum(['HUP', 'USR2']).optional(),
  /** How to find the main process that stays through a restart. */
  keeper: z.union([z.object({ pidfile: z.string() }), z.object({ unit: z.string() })]).optional(),
  /** POSIX shell: starts the service where there is nothing to signal, and is run before the service is touched. */
  start: z.string().optional(),
  check: z.string().optional(),
  /** The environment that is upgraded in place; absent with the layout `releases`. */
  venv: z.string().optional(),
  /** Where the service tells its version, as the node itself reaches it; absent where it does not. */
  url: z.string().optional(),
  /** Then: how its main process is found, by a file or by words that print its number, or a line for each of several with theirs. Absent as well: only files are looked at. */
  main: z.union([z.object({ pidfile: z.string() }), z.object({ ask: z.array(z.string()) })]).optional(),
  /** Words of the commands around a restart, and of what is run once per deploy, where `{release}` is not filled in yet. */
  hooks: z
    .object({
      drain: z.array(z.string()).optional(),
      undrain: z.array(z.string()).optional(),
      once: z.array(z.string()).optional(),
    })
    .optional(),
})

export type PlannedNode = Readonly<z.infer<typeof plannedNode>>

const plan = z.object({
  deploy: z.string(),
  nodes: z.array(plannedNode),
  /** Waves and limits as a sentence. */
  arithmetic: z.string().optional(),
})

/** The fleet as discovery answered: `deploys/<service>/<id>/plan.json`, never changed. */
export type DeployPlan = Readonly<z.infer<typeof plan>>

const joined = z.object({
  nodes: z.array(plannedNode),
  /** Of the whole fleet as it was found last. */
  count: z.int(),
  /** Of the worker that found them. */
  fence: z.int().optional(),
})

/** Nodes that came into the fleet while a deploy ran: `deploys/<service>/<id>/joined.json`. Nobody is taken out of it. */
export type JoinedNodes = Readonly<z.infer<typeof joined>>

const lockedFile = z.object({
  /** Normalised project name. */
  project: z.string(),
  version: z.string(),
  /** Absolute; of a file of our own only its path, as the index may be reached otherwise some day. */
  url: z.string(),
  sha256: z.string(),
})

export type LockedFile = Readonly<z.infer<typeof lockedFile>>

const lock = z.object({
  project: z.string(),
  version: z.string(),
  nodeClass: z.string(),
  /** Sorted, as it was resolved with them. */
  extras: z.array(z.string()).optional(),
  /** As the service names them, most wanted first. */
  indexes: z.array(z.string()).optional(),
  /** SHA-256 (hex) over the files, see `lock.ts`. */
  digest: z.string(),
  /** The release's own wheel first, then its dependencies by name. */
  files: z.array(lockedFile).min(1),
  /** Where and when it was resolved. */
  node: z.string(),
  at: z.string(),
})

/** The exact files of a release and all its dependencies on one class of node: `locks/<project>/<version>/<class>.json`, see `lock.ts`. */
export type Lock = Readonly<z.infer<typeof lock>>

const controls = z.object({ controls: z.array(controlSchema) })

/** What people told a deploy to do, in order: `deploys/<service>/<id>/controls.json`. It only grows. */
export type Controls = Readonly<z.infer<typeof controls>>

const lease = z.object({ holder: z.string(), fence: z.int(), released: z.boolean(), beat: z.int() })

/** Who works on a service: `leases/<service>.json`. */
export type Lease = Readonly<z.infer<typeof lease>>

export const requestDocument: DocumentType<DeployRequest> = { name: 'deploy request', format: 6, schema: request }
export const planDocument: DocumentType<DeployPlan> = { name: 'deploy plan', format: 2, schema: plan }
export const joinedDocument: DocumentType<JoinedNodes> = { name: 'joined nodes', format: 2, schema: joined }
export const headDocument: DocumentType<Rollout> = { name: 'deploy', format: 6, schema: rolloutSchema }
export const controlsDocument: DocumentType<Controls> = { name: 'deploy controls', format: 2, schema: controls }
export const lockDocument: DocumentType<Lock> = { name: 'lock', format: 1, schema: lock }
export const leaseDocument: DocumentType<Lease> = { name: 'lease', format: 1, schema: lease }
