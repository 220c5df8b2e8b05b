import { fetchTools } from '../support/fetch/fetch-tools.ts'
import { soakCrowds } from './crowds.ts'
import { soakKills } from './kills.ts'
import { soakRedisOutages } from './redis-outages.ts'
import { soakS3Faults } from './s3-faults.ts'

/** Each loops for minutes, throws with a sentence on the first thing that is wrong, and answers with what it did. */
const sections: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  'kills-disk': () => soakKills('disk'),
  'kills-s3': () => soakKills('s3'),
  's3-faults': soakS3Faults,
  crowds: soakCrowds,
  'redis-outages': soakRedisOutages,
}

/** `npm run soak [-- SECTION...]`: the full loops of what `npm test` has a handful of. */
async function main(asked: readonly string[]): Promise<number> {
  for (const problem of await fetchTools(['versitygw'])) console.error(problem)
  let failed = false
  for (const [name, soak] of Object.entries(sections)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    const start = performance.now()
    const lines = await soak().catch((error: unknown) => {
      failed = true
      return [`FAILED: ${error instanceof Error ? error.stack : String(error)}`]
    })
    const seconds = Math.round((performance.now() - start) / 1000)
    console.log([`${name} (${seconds} s)`, ...lines.map((line) => `  ${line}`)].join('\n'))
  }
  return failed ? 1 : 0
}

process.exit(await main(process.argv.slice(2)))
