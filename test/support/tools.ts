import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cachePath } from './cache-folder.ts'
import { exercised } from './exercised.ts'
import { type BuildBackEnd, buildBackEnds, type DebianPackage, toolVersions } from './tool-versions.ts'

export interface ToolPaths {
  readonly twine: string
  readonly debianTwine: string
  readonly uv: string
  /** How to run pip 23.0.1 and the newest pip: the first words of an argv. */
  readonly pipOld: readonly string[]
  readonly pipNew: readonly string[]
  readonly versitygw: string
  readonly redisServer: string
  readonly sshd: string
  readonly nginx: string
  /** Debian's CPython, never one that a version manager put on the path. */
  readonly python: string
  readonly pypy: string
  /** The Python that imports Debian's setuptools. */
  readonly debianSetuptools: string
}

/** A Python that imports the back end is the path of each. */
export type ToolName = keyof ToolPaths | BuildBackEnd

interface ToolOrigin {
  readonly path: string
  readonly program: string
  readonly from: { readonly debian: DebianPackage } | { readonly fetched: string; readonly by: string }
}

/**
 * Where each tool is. Reading a tool that is missing throws a sentence that says how to get it, so a test fails on the tool
 * that it needs and on no other.
 */
export function toolPaths(): ToolPaths {
  const path = (name: ToolName) => existing(name).path
  return {
    get twine() {
      return path('twine')
    },
    get debianTwine() {
      return path('debianTwine')
    },
    get uv() {
      return path('uv')
    },
    get pipOld() {
      return [path('pipOld'), '-m', 'pip']
    },
    get pipNew() {
      return [path('pipNew'), '-m', 'pip']
    },
    get versitygw() {
      return path('versitygw')
    },
    get redisServer() {
      return path('redisServer')
    },
    get sshd() {
      return path('sshd')
    },
    get nginx() {
      return path('nginx')
    },
    get python() {
      return path('python')
    },
    get pypy() {
      return path('pypy')
    },
    get debianSetuptools() {
      existing('debianSetuptools')
      return path('python')
    },
  }
}

/** The first words of the argv that runs the tool, noted for the summary at the end of the run as really exercised. */
export function useTool(name: ToolName): readonly string[] {
  const argv = isBackEnd(name) ? [existing(name).path] : [toolPaths()[name]].flat()
  exercised(toolLabel(name))
  return argv
}

/** `twine 7.0.0 (PyPI)`, `redis-server 7.0.15 (Debian)`. */
export function toolLabel(name: ToolName): string {
  const { program, from } = toolOrigins()[name]
  if ('fetched' in from) return `${program} ${from.fetched} (${from.by})`
  return `${program} ${debianVersion(from.debian)} (Debian)`
}

/** Every tool that is not there, with the line that would get it. */
export function missingTools(): readonly { readonly name: ToolName; readonly sentence: string }[] {
  return toolNames()
    .filter((name) => !existsSync(toolOrigins()[name].path))
    .map((name) => ({ name, sentence: missingSentence(name) }))
}

export function toolNames(): readonly ToolName[] {
  return Object.keys(toolOrigins()).filter((name): name is ToolName => name in toolOrigins())
}

function existing(name: ToolName): ToolOrigin {
  const origin = toolOrigins()[name]
  if (!existsSync(origin.path)) throw new Error(missingSentence(name))
  return origin
}

function missingSentence(name: ToolName): string {
  const { program, from, path } = toolOrigins()[name]
  const remedy =
    'debian' in from ? `apt-get install --no-install-recommends ${from.debian}` : 'npx tsx test/support/fetch-tools.ts'
  return `${program} is missing (expected at ${path}); get it by: ${remedy}`
}

function toolOrigins(): Readonly<Record<ToolName, ToolOrigin>> {
  const { twine, uv, pipOld, pipNew, versitygw } = toolVersions
  return {
    twine: { ...pypi('twine', twine), path: cachePath(`twine-${twine}`, 'bin', 'twine') },
    debianTwine: debian('twine', 'twine', '/usr/bin/twine'),
    uv: { ...pypi('uv', uv), path: cachePath(`uv-${uv}`, 'bin', 'uv') },
    pipOld: { ...pypi('pip', pipOld), path: cachePath(`pip-${pipOld}`, 'bin', 'python') },
    pipNew: { ...pypi('pip', pipNew), path: cachePath(`pip-${pipNew}`, 'bin', 'python') },
    versitygw: {
      program: 'versitygw',
      from: { fetched: versitygw, by: 'go install' },
      path: cachePath(`versitygw-${versitygw}`, 'versitygw'),
    },
    redisServer: debian('redis-server', 'redis-server', '/usr/bin/redis-server'),
    sshd: debian('sshd', 'openssh-server', '/usr/sbin/sshd'),
    nginx: debian('nginx', 'nginx-light', '/usr/sbin/nginx'),
    python: debian('python3', 'python3-venv', '/usr/bin/python3'),
    pypy: debian('pypy3', 'pypy3', '/usr/bin/pypy3'),
    debianSetuptools: debian(
      'setuptools',
      'python3-setuptools',
      '/usr/lib/python3/dist-packages/setuptools/__init__.py',
    ),
    ...backEnds(),
  }
}

function pypi(program: string, version: string) {
  return { program, from: { fetched: version, by: 'PyPI' } } as const
}

function debian(program: string, name: DebianPackage, path: string): ToolOrigin {
  return { program, from: { debian: name }, path }
}

/** The upstream part of a package's version: `5:7.0.15-1~deb12u10` is 7.0.15. */
function debianVersion(name: DebianPackage): string {
  try {
    const [, version = ''] = execFileSync('dpkg-query', ['-W', name], { encoding: 'utf8', stdio: 'pipe' }).split(/\s/)
    return version.replace(/^\d+:|-[^-]*$/g, '').replace(/\+dfsg.*$/, '')
  } catch {
    return 'of unknown version'
  }
}

function isBackEnd(name: ToolName): name is BuildBackEnd {
  return name in buildBackEnds
}

function backEnds(): Readonly<Record<BuildBackEnd, ToolOrigin>> {
  const origins = Object.entries(buildBackEnds).map(([name, version]) => {
    return [name, { ...pypi(name, version), path: cachePath(`${name}-${version}`, 'bin', 'python') }]
  })
  return Object.fromEntries(origins) as Record<BuildBackEnd, ToolOrigin>
}
