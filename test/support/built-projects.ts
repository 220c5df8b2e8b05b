import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hermeticPythonEnv } from './python-env.ts'
import { runOk } from './run.ts'
import { type ToolName, useTool } from './tools.ts'

/** A project with what archives find hard: commas, quotes and umlauts in names, empty files, licences, scripts, zeros. */
const sources: Readonly<Record<string, string | Buffer>> = {
  'LICENSE.txt': 'MIT\n',
  'README.md': '# Acme Forms\n',
  'acme_forms/__init__.py': '"""Forms of Acme."""\n\n__version__ = "1.4.2"\n',
  'acme_forms/py.typed': '',
  'acme_forms/cli.py': 'def main():\n    print("forms")\n',
  'acme_forms/data/a, "b".txt': 'quoted\n',
  'acme_forms/data/grüße.txt': 'hello\n',
  'acme_forms/data/zeros.bin': Buffer.alloc(10 * 1024 * 1024),
}

const project = `[project]
name = "acme-forms"
version = "1.4.2"
description = "Forms of Acme"
readme = "README.md"
requires-python = ">=3.8"
license = { text = "MIT" }
authors = [{ name = "Wíle E.", email = "w@example.org" }]
dependencies = ["requests>=2; python_version > '3'"]
[project.optional-dependencies]
pdf = ["reportlab"]
[project.scripts]
acme-forms = "acme_forms.cli:main"
[project.gui-scripts]
acme-forms-gui = "acme_forms.cli:main"
[project.entry-points."acme.plugins"]
one = "acme_forms"
`

const setupPy = `from setuptools import setup, Distribution
class Binary(Distribution):
    def has_ext_modules(self):
        return %BINARY%
setup(name='Acme.Forms', version='1.4.2', license='MIT', packages=['acme_forms'], distclass=Binary, zip_safe=False,
      package_data={'acme_forms': ['py.typed', 'data/*']}, scripts=['bin/acme'], data_files=[('share/acme', ['README.md'])],
      python_requires='>=3.6', install_requires=['requests>=2'], extras_require={'pdf': ['reportlab']},
      entry_points={'console_scripts': ['acme-forms = acme_forms.cli:main [pdf]']})
`

/** Each way of building, by what it is called in a test. */
export const buildWays = {
  "Debian's setuptools without pyproject.toml": (folder: string) =>
    bySetupPy(folder, 'False', ['sdist', '--formats=gztar,zip', 'bdist_wheel']),
  "Debian's setuptools, universal and with a build number": (folder: string) =>
    bySetupPy(folder, 'False', ['bdist_wheel', '--universal', '--build-number', '3']),
  "Debian's setuptools, for one platform": (folder: string) => bySetupPy(folder, 'True', ['bdist_wheel']),
  "Debian's setuptools by its hooks": (folder: string) =>
    byHooks(
      folder,
      'debianSetuptools',
      'setuptools.build_meta',
      `${project}[tool.setuptools]\npackages = ["acme_forms"]\n[tool.setuptools.package-data]\nacme_forms = ["py.typed", "data/*"]\n`,
    ),
  'the newest setuptools': (folder: string) =>
    byHooks(
      folder,
      'setuptools',
      'setuptools.build_meta',
      `${withLicenseExpression()}[tool.setuptools]\npackages = ["acme_forms"]\n[tool.setuptools.package-data]\nacme_forms = ["py.typed", "data/*"]\n`,
    ),
  flit: (folder: string) => byHooks(folder, 'flit-core', 'flit_core.buildapi', project),
  hatchling: (folder: string) => byHooks(folder, 'hatchling', 'hatchling.build', withLicenseExpression()),
  'poetry-core': (folder: string) =>
    byHooks(
      folder,
      'poetry-core',
      'poetry.core.masonry.api',
      project.replace('[project.gui-scripts]\nacme-forms-gui = "acme_forms.cli:main"\n', ''),
    ),
  'pdm-backend': (folder: string) => byHooks(folder, 'pdm-backend', 'pdm.backend', withLicenseExpression()),
  'uv build': byUv,
} as const

function withLicenseExpression(): string {
  return project.replace('license = { text = "MIT" }', 'license = "MIT"\nlicense-files = ["LICENSE.txt"]')
}

async function bySetupPy(folder: string, binary: string, commands: readonly string[]): Promise<readonly string[]> {
  await writeSources(folder, {
    'setup.py': setupPy.replace('%BINARY%', binary),
    'bin/acme': '#!/usr/bin/env python3\nprint("acme")\n',
    'MANIFEST.in': 'recursive-include acme_forms *\n',
  })
  return await built(folder, [...useTool('debianSetuptools'), 'setup.py', '-q', ...commands])
}

async function byHooks(folder: string, tool: ToolName, backEnd: string, toml: string): Promise<readonly string[]> {
  await writeSources(folder, { 'pyproject.toml': toml })
  const script = fileURLToPath(new URL('build-with-back-end.py', import.meta.url))
  return await built(folder, [...useTool(tool), script, backEnd, 'dist'])
}

async function byUv(folder: string): Promise<readonly string[]> {
  const backEnd = '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
  await writeSources(folder, {
    'pyproject.toml': `${withLicenseExpression()}${backEnd}[tool.uv.build-backend]\nmodule-root = ""\n`,
  })
  const python = useTool('python')[0] ?? 'python3'
  return await built(folder, [...useTool('uv'), 'build', '--offline', '--python', python, '--out-dir', 'dist', '.'])
}

async function writeSources(folder: string, more: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries({ ...sources, ...more })) {
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await mkdir(join(folder, 'dist'))
}

async function built(folder: string, argv: readonly string[]): Promise<readonly string[]> {
  await runOk(argv, { cwd: folder, env: hermeticPythonEnv(join(folder, 'home')) })
  const names = (await readdir(join(folder, 'dist'))).filter((name) => /\.(?:whl|tar\.gz|zip)$/.test(name))
  return names.sort().map((name) => join(folder, 'dist', name))
}
