import { createHash } from 'node:crypto'
import { DomainError } from '../errors.ts'

/**
 * Every key of the store, in one place. Parameters are values that were parsed before (normalised project names,
 * canonical versions, service names): a part that is not fit for a path is a bug and throws.
 */
export const keys = {
  filePrefix: 'files/',
  filesOf: (project: string) => `${join('files', project)}/`,
  file: (project: string, sha256: string, filename: string) => join('files', project, sha256, filename),
  fileMetadata: (project: string, sha256: string, filename: string) =>
    `${join('files', project, sha256, filename)}.metadata`,
  projectPrefix: 'projects/',
  fileProvenance: (project: string, sha256: string, provenanceSha256: string) =>
    join('files', project, sha256, `provenance-${provenanceSha256}`),
  project: (project: string) => `${join('projects', project)}.json`,
  projectSegment: (project: string, n: number) => `${join('projects', project, String(n))}.json`,
  catalogPrefix: 'catalog/',
  catalogShard: (project: string) => `catalog/${shardOf(project)}.json`,
  channels: (project: string) => `${join('channels', project)}.json`,
  lock: (project: string, version: string, nodeClass: string) => `${join('locks', project, version, nodeClass)}.json`,
  relocks: (project: string, version: string) => `${join('relocks', project, version)}.json`,
  service: (service: string) => `${join('services', service)}.json`,
  servicePrefix: 'services/',
  observation: (service: string) => `${join('observations', service)}.json`,
  lease: (service: string) => `${join('leases', service)}.json`,
  deployPrefix: 'deploys/',
  deployRequest: (service: string, deploy: string) => `${join('deploys', service, deploy)}/request.json`,
  deployPlan: (service: string, deploy: string) => `${join('deploys', service, deploy)}/plan.json`,
  deployJoined: (service: string, deploy: string) => `${join('deploys', service, deploy)}/joined.json`,
  deployHead: (service: string, deploy: string) => `${join('deploys', service, deploy)}/head.json`,
  deployControls: (service: string, deploy: string) => `${join('deploys', service, deploy)}/controls.json`,
  deployOutput: (service: string, deploy: string, node: string, attempt: string) =>
    `${join('deploys', service, deploy, 'output', node, attempt)}.txt`,
  deployOutputPrefix: (service: string, deploy: string) => `${join('deploys', service, deploy, 'output')}/`,
  notice: (id: string, receiver: string) => `${join('notices', id, receiver)}.json`,
  noticePrefix: 'notices/',
  token: (id: string) => `${join('tokens', id)}.json`,
  tokenPrefix: 'tokens/',
  knownHosts: 'ssh/known-hosts.json',
  auditPrefix: 'audit/',
  audit: (day: string, id: string) => `${join('audit', day, id)}.json`,
  /** What a repair put something else in the place of. */
  beforeRepair: (id: string) => join('upkeep', 'before-repair', id),
  beforeRepairPrefix: 'upkeep/before-repair/',
  storeFormat: 'upkeep/store.json',
  copyMark: 'upkeep/copy.json',
  sweepTurn: 'upkeep/sweep.json',
  storeId: 'store.json',
  probe: (id: string) => join('probe', id),
} as const

function join(...parts: readonly string[]): string {
  for (const part of parts) {
    if (!isKeyPart(part)) throw new DomainError('invalid-request', `«${part}» cannot be part of a storage key.`)
  }
  return parts.join('/')
}

function isKeyPart(part: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+!-]*$/.test(part) && !part.includes('..') && part.length <= 255
}

/** 256 shards: at 100,000 projects a shard has about 400 names, and one listing gives the version of all of them. */
function shardOf(project: string): string {
  return createHash('sha256').update(project).digest('hex').slice(0, 2)
}
