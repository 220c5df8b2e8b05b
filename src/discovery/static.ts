import type { Discovery } from '../deploy/fleet.ts'

/** The fleet as wheelhouse.yaml lists it. */
export function staticDiscovery(): Discovery {
  return {
    nodes: async ({ fleet }) => fleet.nodes.map((node) => (typeof node === 'string' ? { name: node } : node)),
  }
}
