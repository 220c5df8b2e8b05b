import { once } from 'node:events'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { quote } from '../deploy/node/shell.ts'
import { messageOf } from '../errors.ts'
import { listenerFor } from '../http/app.ts'
import { listen } from '../http/server.ts'
import { jsonLog } from '../log.ts'
import { openServices } from '../services.ts'
import type { Terminal } from './command.ts'
import { reloadOnHangUp } from './reload.ts'

/** Runs the server until it is told to stop. */
export async function serve(terminal: Terminal): Promise<void> {
  const config = loadConfig(terminal.environment, terminal.folder, 'server')
  const log = jsonLog((line) => terminal.printError(line.trimEnd()))
  await using services = await openServices(config, terminal.threads, log, terminal.signal)
  reloadOnHangUp(terminal, 'server', services, log)
  await using listening = await listen(listenerFor(services, log), {
    ...config.server,
    minimumBytesPerSecond: config.upload.minimumBytesPerSecond,
    maxBodyBytes: config.upload.maxFileBytes * 2,
    report: (error) => log.error(messageOf(error)),
  })
  terminal.print(welcome(config, listening.port, services.adminTokenFile))
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort')
  terminal.print('Stopping: running requests may finish, and so may what is in hand of deploys.')
}

/** What a newcomer pastes next. The token is read from its file, so that it stands in no log and no history. */
function welcome(config: Config, port: number, tokenFile: string | undefined): string {
  const url = config.server.externalUrl.replace(/:0$/, `:${port}`)
  const token = tokenFile === undefined ? '$WHEELHOUSE_TOKEN' : `$(cat ${quote(tokenFile)})`
  const withToken = url.replace('://', `://__token__:${token}@`)
  return [
    `Wheelhouse is at ${url}`,
    `  upload URL  ${url}/legacy/`,
    `  index URL   ${url}/simple/`,
    '',
    `  twine upload --repository-url ${url}/legacy/ -u __token__ -p "${token}" dist/*`,
    `  pip install --index-url "${withToken}/simple/" app`,
    `  curl -X POST -H "Authorization: Bearer ${token}" "${url}/promote/app/1.0.0?wait=300"`,
  ].join('\n')
}
