import { once } from 'node:events'
import { loadConfig } from '../config/load.ts'
import { DomainError } from '../errors.ts'
import { jsonLog } from '../log.ts'
import { openCore } from '../services.ts'
import type { Terminal } from './command.ts'
import { reloadOnHangUp } from './reload.ts'

/** Carries deploys until it is told to stop; any number of workers may share a bucket. */
export async function runWorker(terminal: Terminal): Promise<void> {
  const config = loadConfig(terminal.environment, terminal.folder, 'worker')
  if (config.store.kind === 'disk') {
    const text =
      'A storage folder belongs to one process, and the server in it carries the deploys. Workers of their own need a ' +
      'store that can be shared: set S3_BUCKET, and REDIS_URL to have them woken at once.'
    throw new DomainError('configuration', text)
  }
  const log = jsonLog((line) => terminal.printError(line.trimEnd()))
  await using core = await openCore(config, log)
  await using _worker = await core.startWorker(terminal.signal)
  reloadOnHangUp(terminal, 'worker', core, log)
  terminal.print(
    `Wheelhouse worker, ${config.worker.concurrency} services at once. Services: ${Object.keys(config.services).join(', ') || 'none configured'}.`,
  )
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort')
  terminal.print(
    `Stopping: what is in hand may end, for ${config.worker.stopSeconds} s; the next worker goes on from there, and follows what still runs on nodes.`,
  )
}
