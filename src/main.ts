#!/usr/bin/env node
import { runCommand } from './cli/command.ts'
import { screenOf } from './cli/screen.ts'
import { quietSdk, readEnvironment } from './config/environment.ts'
import { DomainError, messageOf } from './errors.ts'
import { jsonLog } from './log.ts'

/** argv → command; signals → one AbortSignal. */
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second time somebody is in a hurry; what was acknowledged is safe.
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}

// A promise that nobody minded is a mistake of ours, and no reason to end a server with all that it does for others.
const log = jsonLog((line) => void process.stderr.write(line))
process.on('unhandledRejection', (error) => {
  log.error(`Nobody minded this failure: ${messageOf(error)}`, {
    stack: error instanceof Error ? error.stack : undefined,
  })
})

quietSdk()
try {
  const environment = readEnvironment()
  await runCommand(process.argv.slice(2), {
    environment,
    folder: process.cwd(),
    print: (text) => void process.stdout.write(`${text}\n`),
    printError: (text) => void process.stderr.write(`${text}\n`),
    screen: screenOf(process.stdout, environment),
    threads: {
      staging: new URL('./registry/staging/thread.js', import.meta.url),
      diskWriting: new URL('./objects/disk-writing/thread.js', import.meta.url),
    },
    exitWith: (code) => {
      process.exitCode = code
    },
    onHangUp: (act) => void process.on('SIGHUP', act),
    signal: stop.signal,
  })
} catch (error) {
  const text = error instanceof DomainError ? error.message : error instanceof Error ? error.stack : messageOf(error)
  process.stderr.write(`wheelhouse: ${text}\n`)
  process.exitCode = 1
}
