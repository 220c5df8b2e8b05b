import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { quote } from '../../src/deploy/node/shell.ts'
import { freePort } from '../support/free-port.ts'
import { startServer } from '../support/server-process.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'
import { demoConfiguration } from './configuration.ts'
import { DemoFailure } from './demo-failure.ts'
import type { DemoNodes } from './nodes.ts'
import type { Stage } from './stage.ts'

export interface DemoServer {
  readonly url: string
  /** A shell word that reads the admin token from its file. */
  readonly token: string
}

/** Starts the product in the scratch folder, where it finds its wheelhouse.yaml and keeps its storage. */
export async function startDemoServer(stage: Stage, nodes: DemoNodes): Promise<DemoServer> {
  const { scratch, narrator, shell, props } = stage
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const logFile = serverLog(scratch)
  await writeFile(join(scratch, 'wheelhouse.yaml'), demoConfiguration(port, nodes))
  await shell.run(`cat ${quote(join(scratch, 'wheelhouse.yaml'))}`)
  const command = wheelhouseCommand(stage, 'serve')
  narrator.command(command)
  const argv = ['sh', '-c', command]
  const ready = () => answers(`${url}/healthz`)
  try {
    props.use(
      await startServer({ name: 'The server', argv, logFile, cwd: scratch, env: { ...shell.environment }, ready }),
    )
  } catch (error) {
    throw serverFailure(command, error)
  }
  narrator.output(readFileSync(logFile, 'utf8'))
  return { url, token: `$(cat ${quote(join(scratch, 'storage', 'admin-token'))})` }
}

export function serverLog(scratch: string): string {
  return join(scratch, 'server.log')
}

/** In a shell of its own: pasted into a terminal, it leaves the reader where they are. */
export function wheelhouseCommand({ scratch }: Stage, words: string): string {
  return `(cd ${quote(scratch)} && node ${quote(wheelhouseScript)} ${words})`
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

function serverFailure(command: string, error: unknown): DemoFailure {
  const output = error instanceof Error ? error.message : String(error)
  return new DemoFailure('The server did not start.', { command, output, remedy: 'what it said tells why.' })
}
