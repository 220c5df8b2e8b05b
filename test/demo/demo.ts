import { existsSync } from 'node:fs'
import { interruptionOf } from './interruption.ts'
import { narratorOn } from './narrator.ts'
import { perform } from './perform.ts'
import { obstacle } from './requirements.ts'

/** `npm run demo [-- --keep]`: shows the product on nodes of its own, and leaves nothing behind, however it ends. */
async function main(words: readonly string[]): Promise<number> {
  const narrator = narratorOn(process.stdout)
  const inTheWay = obstacle(words, existsSync('/etc/debian_version'))
  if (inTheWay !== undefined) {
    narrator.problem(inTheWay)
    return 1
  }
  return await perform(narrator, interruptionOf(process), words.includes('--keep'))
}

// What was interrupted may still wait for something; nobody waits for it.
process.exit(await main(process.argv.slice(2)))
