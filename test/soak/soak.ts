import { parseArgs } from 'node:util'
import { fetchTools } from '../support/fetch/fetch-tools.ts'
import { soakCrowds } from './crowds.ts'
import { soakDeploys } from './deploys.ts'
import { soakKills } from './kills.ts'
import { soakRedisOutages } from './redis-outages.ts'
import { soakS3Faults } from './s3-faults.ts'

/**
 * Each loops for minutes, throws with a sentence on the first thing that is wrong, and answers with what it did. Those without an
 * end of their own last for as many minutes as they are told.
 */
const sections: Readonly<Record<string, (minutes: number) => Promise<readonly string[]>>> = {
  'kills-disk': () => soakKills('disk'),
  'kills-s3': () => soakKills('s3'),
  's3-faults': soakS3Faults,
  crowds: soakCrowds,
  'kills-deploys': soakDeploys,
  'redis-outages': soakRedisOutages,
}

/** `npm run soak [-- [--minutes N] SECTION...]`: the full loops of what `npm test` has a handful of. */
async function main(argv: readonly string[]): Promise<number> {
  const options = { minutes: { type: 'string', default: '30' } } as const
  const { values, positionals: asked } = parseArgs({ args: [...argv], options, allowPositionals: true })
  for (const problem of await fetchTools(['versitygw'])) console.error(problem)
  let failed = false
  for (const [name, soak] of Object.entries(sections)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    const start = performance.now()
    const lines = await soak(Number(values.minutes)).catch((error: unknown) => {
      failed = true
      return [`FAILED: ${error instanceof Error ? error.stack : String(error)}`]
    })
    const seconds = Math.round((performance.now() - start) / 1000)
    console.log([`${name} (${seconds} s)`, ...lines.map((line) => `  ${line}`)].join('\n'))
  }
  return failed ? 1 : 0
}

process.exit(await main(process.argv.slice(2)))
