import { fetchTools } from './fetch/fetch-tools.ts'
import { missingTools, toolLabel, toolNames } from './tools.ts'

/** Fetches all that the tests need beyond npm. Exits with 1 where `CI` is set and something could not be had. */
async function main(): Promise<number> {
  const problems = await fetchTools(toolNames())
  for (const one of problems) console.error(one)
  const missing = missingTools()
  for (const name of toolNames()) {
    if (missing.every((one) => one.name !== name)) console.log(toolLabel(name))
  }
  for (const one of missing) console.error(`missing: ${one.sentence}`)
  return process.env['CI'] && (missing.length > 0 || problems.length > 0) ? 1 : 0
}

process.exitCode = await main()
