import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cachePath } from './cache-folder.ts'
import { hermeticPythonEnv } from './python-env.ts'
import { type RunResult, run, runOk } from './run.ts'
import { toolVersions } from './tool-versions.ts'
import { useTool } from './tools.ts'
import type { RunningWheelhouse } from './wheelhouse.ts'

/** Clients that build a project with a back end of their own and upload what they built, without a network. */
export const publishers = ['flit', 'hatch', 'pdm', 'poetry'] as const

export type Publisher = (typeof publishers)[number]

/** A folder with a project as a person has it, and the client that takes it to an index. */
export async function projectFor(publisher: Publisher, home: string, name: string) {
  const folder = join(home, name)
  const files = {
    'pyproject.toml': pyproject(publisher, name),
    'README.md': `# ${name}\n\nWhat it is.\n`,
    LICENSE: 'Do as you like.\n',
    [`src/${moduleOf(name)}/__init__.py`]: `"""Built by ${publisher}."""\n\n__version__ = "1.0"\n`,
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  const env = { ...hermeticPythonEnv(home), SOURCE_DATE_EPOCH: '1767225600' }
  return {
    dist: join(folder, 'dist'),
    build: async () => await runOk(buildCommand(publisher), { cwd: folder, env: { ...env, ...pdmEnv() } }),
    publish: async (server: RunningWheelhouse): Promise<RunResult> => {
      const { argv, credentials } = publishCommand(publisher, server)
      return await run(argv, { cwd: folder, env: { ...env, ...pdmEnv(), ...credentials }, timeoutMs: 120_000 })
    },
  }
}

/** What Debian 12's setuptools 66 makes of a project that has no pyproject.toml, and says little of itself. */
export async function builtBySetuptools(home: string, name: string): Promise<readonly string[]> {
  const folder = join(home, name)
  await mkdir(join(folder, moduleOf(name)), { recursive: true })
  await writeFile(join(folder, moduleOf(name), '__init__.py'), '')
  await writeFile(join(folder, 'LICENSE'), 'Do as you like.\n')
  const lines = [
    'from setuptools import setup',
    `setup(name="${name}", version="1.0", packages=["${moduleOf(name)}"], python_requires=">=3.8, <4", keywords="a,b",`,
    '      install_requires=["greeting (>=1)"], extras_require={"Test_Extra": ["greeting"]})',
  ]
  await writeFile(join(folder, 'setup.py'), `${lines.join('\n')}\n`)
  const argv = [...useTool('python'), 'setup.py', '-q', 'sdist', 'bdist_wheel']
  await runOk(argv, { cwd: folder, env: hermeticPythonEnv(home) })
  const dist = join(folder, 'dist')
  return (await readdir(dist)).map((file) => join(dist, file))
}

function moduleOf(name: string): string {
  return name.toLowerCase().replace(/[-.]/g, '_')
}

function pyproject(publisher: Publisher, name: string): string {
  const backends: Readonly<Record<Publisher, readonly [requires: string, backend: string]>> = {
    flit: ['flit_core', 'flit_core.buildapi'],
    hatch: ['hatchling', 'hatchling.build'],
    pdm: ['pdm-backend', 'pdm.backend'],
    poetry: ['poetry-core', 'poetry.core.masonry.api'],
  }
  const [requires, backend] = backends[publisher]
  return `[build-system]
requires = ["${requires}"]
build-backend = "${backend}"

[project]
name = "${name}"
version = "1.0"
description = "Built by ${publisher}"
readme = "README.md"
requires-python = ">=3.8,<4"
license = "MIT"
license-files = ["LICENSE"]
keywords = ["forms", "acme"]
authors = [{ name = "Ann Äcker", email = "ann@example.com" }]
maintainers = [{ name = "Ben" }]
classifiers = ["Private :: Do Not Upload", "Programming Language :: Python :: 3"]
dependencies = ["greeting[loud]>=1,<3; python_version > '3'"]

[project.optional-dependencies]
Test_Extra = ["greeting"]

[project.urls]
Source = "https://example.com/source"

[tool.flit.module]
name = "${moduleOf(name)}"
`
}

function buildCommand(publisher: Publisher): readonly string[] {
  const [program = ''] = useTool(publisher)
  // hatch would make an environment for its back end, by the network; the back end is at hand and has a command of its own.
  if (publisher === 'hatch') return [join(dirname(program), 'hatchling'), 'build']
  return [program, 'build', ...(publisher === 'pdm' ? ['--no-isolation'] : [])]
}

function publishCommand(publisher: Publisher, server: RunningWheelhouse) {
  const [program = ''] = useTool(publisher)
  const [url, user, token] = [`${server.url}/legacy/`, '__token__', server.token]
  switch (publisher) {
    case 'flit':
      return {
        argv: [program, 'publish'],
        credentials: { FLIT_INDEX_URL: url, FLIT_USERNAME: user, FLIT_PASSWORD: token },
      }
    case 'hatch':
      return {
        argv: [program, 'publish', '--no-prompt', '--repo', `${server.url}/`],
        credentials: { HATCH_INDEX_USER: user, HATCH_INDEX_AUTH: token },
      }
    case 'pdm':
      return {
        argv: [program, 'publish', '--no-build', '--repository', url],
        credentials: { PDM_PUBLISH_USERNAME: user, PDM_PUBLISH_PASSWORD: token },
      }
    case 'poetry':
      return {
        argv: [program, 'publish', '--no-interaction', '--repository', 'ours'],
        credentials: {
          POETRY_REPOSITORIES_OURS_URL: url,
          POETRY_HTTP_BASIC_OURS_USERNAME: user,
          POETRY_HTTP_BASIC_OURS_PASSWORD: token,
        },
      }
  }
}

/** Its back end is beside it, and it would ask PyPI for a newer self. */
function pdmEnv(): Record<string, string> {
  return { PDM_PYTHON: cachePath(`pdm-${toolVersions.pdm}`, 'bin', 'python'), PDM_USE_VENV: '0', PDM_CHECK_UPDATE: '0' }
}
