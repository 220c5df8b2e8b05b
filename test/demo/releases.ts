import { join } from 'node:path'
import { commandLine, quote } from '../../src/deploy/node/shell.ts'
import { type DemoAppOptions, writeDemoProject } from '../support/demo-app.ts'
import { useTool } from '../support/tools.ts'
import type { DemoServer } from './server.ts'
import type { Stage } from './stage.ts'

/** Writes the sources of a release, and has a real build back end make its sdist and wheel. */
export async function buildRelease({ scratch, shell }: Stage, options: DemoAppOptions): Promise<void> {
  const sources = join(scratch, `app-${options.version}`)
  await writeDemoProject(sources, options)
  // The back end lies beside `build`, so that no index is asked for one.
  const words = [...useTool('build'), '--no-isolation', '--outdir', distFolder(scratch, options.version), sources]
  await shell.run(commandLine(words))
}

/** As CI does it. The token is in the environment of twine, not on its command line, where every user could read it. */
export async function uploadReleases(
  { scratch, shell }: Stage,
  server: DemoServer,
  versions: readonly string[],
): Promise<void> {
  const credentials = `TWINE_USERNAME=__token__ TWINE_PASSWORD="${server.token}"`
  const words = [...useTool('twine'), 'upload', '--disable-progress-bar', '--repository-url', `${server.url}/legacy/`]
  const files = versions.map((version) => `${quote(distFolder(scratch, version))}/*`)
  await shell.run([credentials, commandLine(words), ...files].join(' '))
}

function distFolder(scratch: string, version: string): string {
  return join(scratch, 'dist', version)
}
