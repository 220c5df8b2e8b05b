import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { aWheel, type BuiltArchive } from './wheels.ts'

export interface DemoAppOptions {
  readonly version: string
  /** The specifier of a dependency on `greeting`, `==2.0` for one; the service imports it and reports its version. */
  readonly greeting?: string
  readonly requires?: readonly string[]
  /** The release cannot be imported. */
  readonly importError?: boolean
  /** The service reports the version that lies on the disk now, not the one that it runs. */
  readonly rereadsVersionFromDisk?: boolean
  /** What the service says that it is. */
  readonly tells?: string
  /** The process lives and never opens its port. */
  readonly neverListens?: boolean
  readonly crashAfterSeconds?: number
}

/** The wheel of `app`, a small web service: `python -m app --port N` answers `/`, `/version` and `/slow?seconds=S`. */
export function demoApp(options: DemoAppOptions): BuiltArchive {
  const greeting = options.greeting === undefined ? [] : [`greeting${options.greeting}`]
  return aWheel({
    name: 'app',
    version: options.version,
    requiresPython: '>=3.9',
    requires: [...greeting, ...(options.requires ?? [])],
    files: packageFiles(options),
  })
}

/** Writes the project of `app` as a developer has it, with a `pyproject.toml` for a real build back end. */
export async function writeDemoProject(folder: string, options: DemoAppOptions): Promise<void> {
  const files = { 'pyproject.toml': pyproject(options), ...packageFiles(options) }
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}

/** The dependency of `app`; with `tags` a wheel for one platform, with a compiled file's place taken by a text. */
export function greetingWheel(version: string, options: { readonly tags?: readonly string[] } = {}): BuiltArchive {
  const files = { 'greeting/__init__.py': `__version__ = ${JSON.stringify(version)}\n` }
  return aWheel({ name: 'greeting', version, files, ...options })
}

function packageFiles(options: DemoAppOptions): Record<string, string> {
  return {
    ...sources(),
    'app/_version.py': `VERSION = ${JSON.stringify(options.tells ?? options.version)}\n`,
    'app/_variant.py': variant(options),
  }
}

function pyproject({ version }: DemoAppOptions): string {
  return `[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "app"
version = ${JSON.stringify(version)}
description = "A small web service that says which version it is"
requires-python = ">=3.9"
`
}

function sources(): Record<string, string> {
  const folder = new URL('./demo-app/app/', import.meta.url)
  const names = readdirSync(folder).filter((name) => name.endsWith('.py'))
  return Object.fromEntries(names.sort().map((name) => [`app/${name}`, readFileSync(new URL(name, folder), 'utf8')]))
}

function variant(options: DemoAppOptions): string {
  const python = (value: boolean | undefined) => (value ? 'True' : 'False')
  const lines = [
    ...(options.importError ? ['import a_module_that_nobody_installed'] : []),
    ...(options.greeting === undefined
      ? ['GREETING_VERSION = None']
      : ['from greeting import __version__ as GREETING_VERSION']),
    `REREADS_VERSION_FROM_DISK = ${python(options.rereadsVersionFromDisk)}`,
    `NEVER_LISTENS = ${python(options.neverListens)}`,
    `CRASH_AFTER_SECONDS = ${options.crashAfterSeconds ?? 'None'}`,
  ]
  return `${lines.join('\n')}\n`
}
