import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cachePath } from './cache-folder.ts'
import { exercised } from './exercised.ts'
import type { PypiProject } from './fetch/pypi.ts'
import { type BuildBackEnd, buildBackEnds, type DebianPackage, toolVersions } from './tool-versions.ts'

export interface ToolPaths {
  readonly twine: string
  readonly debianTwine: string
  readonly uv: string
  /** How to run pip 23.0.1 and the newest pip: the first words of an argv. */
  readonly pipOld: readonly string[]
  readonly pipNew: readonly string[]
  /** How to run `python -m build`, with a build back end beside it. */
  readonly build: readonly string[]
  /** Clients that build and publish. */
  readonly flit: string
  readonly hatch: string
  readonly pdm: string
  readonly poetry: string
  /** A Python that imports the newest `packaging`, and one that imports Debian's. */
  readonly packaging: string
  readonly debianPackaging: string
  readonly versitygw: string
  /** A Python that imports gunicorn. */
  readonly gunicorn: string
  /** supervisord, with supervisorctl beside it. */
  readonly supervisor: string
  readonly redisServer: string
  readonly sshd: string
  readonly nginx: string
  /** Debian's CPython, never one that a version manager put on the path. */
  readonly python: string
  readonly pypy: string
  readonly curl: string
  readonly openssl: string
  /** The Python that imports Debian's setuptools. */
  readonly debianSetuptools: string
}

/** A Python that imports the back end is the path of each. */
export type ToolName = keyof ToolPaths | BuildBackEnd

interface ToolOrigin {
  readonly path: string
  readonly program: string
  readonly from: FromDebian | FromPypi | { readonly fetched: string; readonly by: 'go install' }
}

/** The first package is the one whose version counts. */
interface FromDebian {
  readonly debian: readonly [DebianPackage, ...DebianPackage[]]
}

interface FromPypi {
  readonly fetched: string
  readonly by: 'PyPI'
  /** Installed beside it, into the same environment. */
  readonly beside: readonly string[]
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
    get build() {
      return [path('build'), '-m', 'build']
    },
    get gunicorn() {
      return path('gunicorn')
    },
    get supervisor() {
      return path('supervisor')
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
    get curl() {
      return path('curl')
    },
    get openssl() {
      return path('openssl')
    },
    get flit() {
      return path('flit')
    },
    get hatch() {
      return path('hatch')
    },
    get pdm() {
      return path('pdm')
    },
    get poetry() {
      return path('poetry')
    },
    get packaging() {
      return path('packaging')
    },
    get debianPackaging() {
      existing('debianPackaging')
      return path('python')
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
  return `${program} ${debianVersion(from.debian[0])} (Debian)`
}

/** Those of the tools that are not there, each with the line that would get it. */
export function missingTools(
  names: readonly ToolName[] = toolNames(),
): readonly { readonly name: ToolName; readonly sentence: string }[] {
  return names
    .filter((name) => !existsSync(toolOrigins()[name].path))
    .map((name) => ({ name, sentence: missingSentence(name) }))
}

export function toolNames(): readonly ToolName[] {
  return Object.keys(toolOrigins()).filter((name): name is ToolName => name in toolOrigins())
}

/** The packages of the distribution that the tools are in. */
export function debianPackagesOf(names: readonly ToolName[]): readonly DebianPackage[] {
  const origins = names.map((name) => toolOrigins()[name].from)
  return [...new Set(origins.flatMap((from) => ('debian' in from ? from.debian : [])))]
}

/** What pip would be asked for, for each of the tools that come from PyPI: the project itself, then what lies beside it. */
export function pypiProjectsOf(names: readonly ToolName[]): readonly PypiProject[] {
  return names.flatMap((name) => {
    const { program, from } = toolOrigins()[name]
    return 'by' in from && from.by === 'PyPI' ? { project: program, version: from.fetched, beside: from.beside } : []
  })
}

function existing(name: ToolName): ToolOrigin {
  const origin = toolOrigins()[name]
  if (!existsSync(origin.path)) throw new Error(missingSentence(name))
  return origin
}

function missingSentence(name: ToolName): string {
  const { program, from, path } = toolOrigins()[name]
  const remedy =
    'debian' in from
      ? `apt-get install --no-install-recommends ${from.debian.join(' ')}`
      : 'npx tsx test/support/fetch-tools.ts'
  return `${program} is missing (expected at ${path}); get it by: ${remedy}`
}

function toolOrigins(): Readonly<Record<ToolName, ToolOrigin>> {
  const {
    twine,
    uv,
    pipOld,
    pipNew,
    build,
    flitCore,
    packaging,
    pdmBackend,
    pdmHishel,
    gunicorn,
    supervisor,
    versitygw,
  } = toolVersions
  return {
    twine: { ...pypi('twine', twine), path: cachePath(`twine-${twine}`, 'bin', 'twine') },
    debianTwine: debian('twine', '/usr/bin/twine', 'twine'),
    uv: { ...pypi('uv', uv), path: cachePath(`uv-${uv}`, 'bin', 'uv') },
    pipOld: { ...pypi('pip', pipOld), path: cachePath(`pip-${pipOld}`, 'bin', 'python') },
    pipNew: { ...pypi('pip', pipNew), path: cachePath(`pip-${pipNew}`, 'bin', 'python') },
    build: { ...pypi('build', build, `flit-core==${flitCore}`), path: cachePath(`build-${build}`, 'bin', 'python') },
    flit: publisher('flit'),
    hatch: publisher('hatch'),
    pdm: publisher('pdm', `pdm-backend==${pdmBackend}`, `hishel==${pdmHishel}`),
    poetry: publisher('poetry'),
    packaging: { ...pypi('packaging', packaging), path: cachePath(`packaging-${packaging}`, 'bin', 'python') },
    gunicorn: { ...pypi('gunicorn', gunicorn), path: cachePath(`gunicorn-${gunicorn}`, 'bin', 'python') },
    supervisor: {
      ...pypi('supervisor', supervisor),
      path: cachePath(`supervisor-${supervisor}`, 'bin', 'supervisord'),
    },
    debianPackaging: debian('packaging', '/usr/lib/python3/dist-packages/packaging/version.py', 'python3-packaging'),
    ...backEnds(),
    versitygw: {
      program: 'versitygw',
      from: { fetched: versitygw, by: 'go install' },
      path: cachePath(`versitygw-${versitygw}`, 'versitygw'),
    },
    redisServer: debian('redis-server', '/usr/bin/redis-server', 'redis-server'),
    sshd: debian('sshd', '/usr/sbin/sshd', 'openssh-server', 'openssh-client'),
    nginx: debian('nginx', '/usr/sbin/nginx', 'nginx-light'),
    python: debian('python3', '/usr/bin/python3', 'python3-venv', 'python3-pip'),
    pypy: debian('pypy3', '/usr/bin/pypy3', 'pypy3', 'pypy3-venv'),
    curl: debian('curl', '/usr/bin/curl', 'curl'),
    openssl: debian('openssl', '/usr/bin/openssl', 'openssl'),
    debianSetuptools: debian(
      'setuptools',
      '/usr/lib/python3/dist-packages/setuptools/__init__.py',
      'python3-setuptools',
      'python3-wheel',
    ),
  }
}

function publisher(name: 'flit' | 'hatch' | 'pdm' | 'poetry', ...beside: readonly string[]): ToolOrigin {
  const version = toolVersions[name]
  return { ...pypi(name, version, ...beside), path: cachePath(`${name}-${version}`, 'bin', name) }
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

function pypi(program: string, version: string, ...beside: readonly string[]) {
  return { program, from: { fetched: version, by: 'PyPI', beside } } as const
}

function debian(program: string, path: string, ...packages: FromDebian['debian']): ToolOrigin {
  return { program, from: { debian: packages }, path }
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
