import type { Documents } from '../../objects/documents.ts'
import { keys } from '../../objects/keys.ts'
import type { NodeCount } from '../../observe/metrics.ts'
import type { ServiceDefinitions } from '../reconcile.ts'
import { serviceDocument, stateFor } from '../service-state.ts'
import { observationDocument, type Standing, standings } from './observation.ts'

/** How the nodes of each service stood when they were last looked at. A service that cannot be read has none. */
export async function nodeCounts(documents: Documents, services: ServiceDefinitions): Promise<readonly NodeCount[]> {
  const all = Object.entries(services).map(async ([service, { project }]) => {
    const seen = await standingsOf(documents, service, project).then(
      ({ nodes }) => nodes,
      () => [],
    )
    const kinds = [...new Set(seen.map(({ standing }) => standing))]
    return kinds.map((standing) => ({
      service,
      standing,
      count: seen.filter((one) => one.standing === standing).length,
    }))
  })
  return (await Promise.all(all)).flat()
}

/** How the nodes of a service stood, and when somebody looked; `undefined` before the first time. */
export async function standingsOf(
  documents: Documents,
  service: string,
  project: string,
): Promise<{ readonly at: string | undefined; readonly nodes: readonly Standing[] }> {
  const observation = (await documents.read(observationDocument, keys.observation(service)))?.value
  const state = (await documents.read(serviceDocument, keys.service(service)))?.value
  return { at: observation?.at, nodes: standings(observation, state && stateFor(state, project)) }
}
