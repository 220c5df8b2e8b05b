import { type Discovery, listedNodes } from '../deploy/fleet.ts'
import { nodesInInventory } from './ansible-inventory.ts'
import { readInventory } from './inventory-source.ts'

/** The fleet as wheelhouse.yaml lists it, or as an inventory has it. `environment` is what its command sees. */
export function fleets(environment: Readonly<Record<string, string>>): Discovery {
  return {
    async nodes({ fleet }, signal) {
      const { inventory } = fleet
      if (inventory === undefined) return listedNodes(fleet)
      return nodesInInventory(await readInventory(inventory, environment, signal), inventory.group)
    },
  }
}
