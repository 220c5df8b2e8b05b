import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { run, runOk } from '../run.ts'
import type { DebianPackage } from '../tool-versions.ts'

/**
 * Installs the missing packages when run as root; otherwise rejects with the line that an administrator would run. Their
 * services are not started: the tests start processes of their own.
 */
export async function installDebianPackages(packages: readonly DebianPackage[]): Promise<void> {
  const missing = await missingPackages(packages)
  if (missing.length === 0) return
  const install = [
    'apt-get',
    'install',
    '-y',
    '-q',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=120',
    ...missing,
  ]
  if (process.getuid?.() !== 0) throw new Error(`not root; run once: sudo ${install.join(' ')}`)
  console.log(`apt: installing ${missing.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await runOk(['apt-get', 'update', '-q'], { env, timeoutMs: 300_000 })
  await withoutStartingServices(async () => {
    await runOk(install, { env, timeoutMs: 900_000, untied: true })
  })
}

async function missingPackages(packages: readonly DebianPackage[]): Promise<readonly string[]> {
  const { stdout } = await run(['dpkg-query', '--status', ...packages])
  const installed = new Set(
    Array.from(stdout.matchAll(/^Package: (.*)\nStatus: install ok installed$/gm), (match) => match[1]),
  )
  return packages.filter((name) => !installed.has(name))
}

/** Debian starts what it installs unless policy-rc.d forbids it (101); a policy that is there already is left alone. */
async function withoutStartingServices(install: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return await install()
  const remove = () => rmSync(policy, { force: true })
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  process.once('exit', remove)
  try {
    await install()
  } finally {
    remove()
    process.removeListener('exit', remove)
  }
}
