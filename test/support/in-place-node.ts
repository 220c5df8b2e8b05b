import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ActContext } from '../../src/deploy/acts/act-context.ts'
import { activate } from '../../src/deploy/acts/activate.ts'
import { downloadScript } from '../../src/deploy/node/in-place/download.ts'
import { aNode } from './a-node.ts'
import { demoApp } from './demo-app.ts'
import { runOk } from './run.ts'
import { superviseService } from './supervised-service.ts'
import { toolPaths, useTool } from './tools.ts'
import { aWheel, type BuiltArchive } from './wheels.ts'

export interface InPlaceOptions {
  readonly installer?: 'pip' | 'uv'
  /** How the service is restarted; by its control script when left out. */
  readonly restart?: object
  /** More of the service's definition. */
  readonly more?: object
  /** How long the service may fail to answer well. */
  readonly seconds?: number
}

export type InPlaceNode = Awaited<ReturnType<typeof inPlaceNode>>

/** This machine as a node whose service runs from one environment, which is upgraded in place. */
export async function inPlaceNode({ installer = 'pip', restart, more, seconds = 10 }: InPlaceOptions = {}) {
  const byScript = { command: ['{root}/app/restart-app.sh'] }
  const settings = { layout: 'in-place', installer, ...more }
  const here = await aNode({ timeout_seconds: seconds }, restart ?? byScript, {}, settings)
  if (installer === 'uv') here.prepend(`PATH=${useTool('uv')[0]?.replace(/\/uv$/, '')}:$PATH; export PATH`)
  const service = await superviseService(here, { port: Number(new URL(here.url).port), environment: '../venv' })
  const signal = new AbortController().signal
  const python = join(here.root, 'venv', 'bin', 'python')
  let attempts = 0

  function activated(
    context: ActContext,
    release: string,
    before: string | undefined,
    attempt: string,
    kind: 'activate' | 'restore' = 'activate',
  ) {
    const found = before === undefined ? undefined : { release: before, version: '', healthy: true }
    return activate(context, here.node, { release, before: found }, { attempt, kind }, signal)
  }

  return {
    ...here,
    service,
    python,
    /** Stages a release of `app` and what comes with it, from files: as from an index, and no network. */
    async download(release: string, wheels: readonly BuiltArchive[], before?: string) {
      const folder = join(here.root, 'wheels', release)
      await mkdir(folder, { recursive: true })
      for (const wheel of wheels) await writeFile(join(folder, wheel.filename), wheel.bytes)
      const named = wheels.map(({ filename, sha256 }) => {
        const [project = '', version = ''] = filename.split('-')
        return { project, version, sha256, url: `file://${join(folder, filename)}` }
      })
      const script = downloadScript({
        ...{ python: here.node.python, root: here.root, venv: join(here.root, 'venv'), release, before },
        requirements: named.map(({ project, url, sha256 }) => `${project} @ ${url} --hash=sha256:${sha256}\n`).join(''),
        manifest: { project: 'app', version: versionOf(release), lock: release, layout: 'in-place' },
        wheels: named.map(({ project, version, sha256 }) => ({ project, version, sha256 })),
        ...{ keepReleases: 1, stable: undefined },
      })
      return await here.context.run(here.node, { attempt: `stage-${++attempts}`, script, limitSeconds: 120 }, signal)
    },
    /** Activates a release, and looks whether the service runs it. */
    async switchTo(release: string, before?: string) {
      // Named as an installation's own files are, which nothing may take for one.
      const attempt = `in-place-${++attempts}`
      const outcome = await activated(here.context, release, before, attempt)
      return outcome.ok ? await here.verify(attempt, versionOf(release)) : outcome
    },
    /** Goes back to a release, as a deploy does that failed, and looks whether the service runs it. */
    async takeBack(release: string) {
      const attempt = `restore-${++attempts}`
      const outcome = await activated(here.context, release, release, attempt, 'restore')
      return outcome.ok ? await here.verify(attempt, versionOf(release)) : outcome
    },
    /** Installs a release and dies: its files are there, and nobody came to say so. */
    async dieInstalling(release: string, before?: string) {
      const dying: ActContext = {
        ...here.context,
        run: (on, run, ...rest) =>
          here.context.run(on, { ...run, script: `ln() { kill -9 $$; }\n${run.script}` }, ...rest),
      }
      return await activated(dying, release, before, `dies-${++attempts}`)
    },
    /** As a team has it before it knows us: with what is needed besides, installed by hand. */
    async installByHand(): Promise<void> {
      await runOk([toolPaths().python, '-m', 'venv', '--without-pip', join(here.root, 'venv')])
      for (const wheel of [demoApp({ version: '0.9' }), aWheel({ name: 'monitoring', version: '3.0' })]) {
        const path = join(here.root, wheel.filename)
        await writeFile(path, wheel.bytes)
        await runOk([...useTool('pipNew'), '--python', python, 'install', '-q', '--no-deps', path])
      }
      await service.restart()
      await here.stop()
    },
    told: async () => (await (await fetch(here.url)).json()) as { version: string; greeting: string; pid: number },
    async installed(): Promise<readonly string[]> {
      const code =
        'import importlib.metadata as m; print(*sorted(d.name + " " + d.version for d in m.distributions()), sep="\\n")'
      return (await runOk([python, '-c', code])).stdout.trim().split('\n')
    },
    async [Symbol.asyncDispose]() {
      await service.stop()
      await here[Symbol.asyncDispose]()
    },
  }
}

function versionOf(release: string): string {
  return release.replace(/^adopted-/, '').split('-')[0] ?? ''
}
