import { DomainError } from '../errors.ts'
import type { Documents } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { headDocument, lockDocument, requestDocument } from './documents.ts'
import { lockKeyOf, requirementsOf } from './lock.ts'
import type { Rollout } from './rollout/model.ts'
import { serviceDocument, stateFor } from './service-state.ts'

/** Which of the classes of node is meant, where there are several. */
export interface DesiredFor {
  /** Version of the interpreter, or how it begins: `3.11`. */
  readonly python?: string
  /** Digest of the class, or how it begins. */
  readonly nodeClass?: string
  /** A node of the fleet: what it would be given. */
  readonly node?: string
}

interface NodeClass {
  readonly digest: string
  readonly pythons: readonly string[]
  readonly nodes: readonly string[]
}

/**
 * What a node that boots is to install: the release that a deploy of the service brought to success last, as hashed requirements
 * for its class, by the very lock that the other nodes have. Rejects with `release-not-found` where there is none, and with
 * `invalid-request` where it is not clear which class is meant.
 */
export async function desiredOf(
  documents: Documents,
  {
    service,
    project,
    externalUrl,
  }: { readonly service: string; readonly project: string; readonly externalUrl: string },
  wanted: DesiredFor,
): Promise<string> {
  const found = (await documents.read(serviceDocument, keys.service(service)))?.value
  const stable = (found && stateFor(found, project))?.stable
  if (stable === undefined) throw notDeployed(service)
  const { deploy } = stable
  const head = (await documents.read(headDocument, keys.deployHead(service, deploy)))?.value
  const request = (await documents.read(requestDocument, keys.deployRequest(service, deploy)))?.value
  if (head === undefined || request === undefined) throw notDeployed(service)
  const { digest } = theOne(classesOf(head), wanted, service)
  const lock = (await documents.read(lockDocument, lockKeyOf(request, digest)))?.value
  if (lock === undefined) throw notDeployed(service)
  return [
    `# ${project} ${lock.version} on ${service}, by ${deploy}, for nodes of the class ${digest.slice(0, 12)}`,
    `# release: ${lock.version}-${lock.digest.slice(0, 12)}`,
    `# manifest: ${JSON.stringify({ project, version: lock.version, lock: lock.digest })}`,
    requirementsOf(lock, externalUrl),
  ].join('\n')
}

/** Those that have a lock: a node that was left out may be of another. */
function classesOf({ nodes, locks }: Pick<Rollout, 'nodes' | 'locks'>): readonly NodeClass[] {
  const known = nodes.flatMap(({ nodeClass }) => nodeClass ?? [])
  const digests = [...new Set(known)].filter((digest) => locks[digest] !== undefined)
  return digests.map((digest) => {
    const own = nodes.filter(({ nodeClass }) => nodeClass === digest)
    const pythons = [...new Set(own.flatMap(({ python }) => python ?? []))]
    return { digest, pythons, nodes: own.map(({ name }) => name) }
  })
}

/** Pure. */
export function theOne(classes: readonly NodeClass[], wanted: DesiredFor, service: string): NodeClass {
  const { python, nodeClass, node } = wanted
  const fitting = classes.filter(
    ({ digest, pythons, nodes }) =>
      (python === undefined || pythons.some((own) => `${own}.`.startsWith(`${python}.`))) &&
      (nodeClass === undefined || digest.startsWith(nodeClass)) &&
      (node === undefined || nodes.includes(node)),
  )
  const [one, another] = fitting
  if (one !== undefined && another === undefined) return one
  const known = classes.map(
    ({ digest, pythons, nodes }) =>
      `${digest.slice(0, 12)} (Python ${pythons.join(', ') || 'unknown'}; ${nodes.join(', ')})`,
  )
  const what = one === undefined ? 'no class of nodes fits' : 'several classes of nodes fit'
  const text = `Of ${service} ${what}: say ?python=3.11, ?class=DIGEST or ?node=NAME. Its classes: ${known.join('; ')}.`
  throw new DomainError('invalid-request', text, { service })
}

function notDeployed(service: string): DomainError {
  const text = `No deploy of ${service} has succeeded yet: there is nothing that a node should run. Promote a release.`
  return new DomainError('release-not-found', text, { service })
}
