import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../clock.ts'
import { CappedText } from './capped-text.ts'
import type { HostConnection } from './host-connection.ts'
import { type DetachedRun, exitLine, runScript, runStatus, secretInput } from './node/run-script.ts'
import type { RemoteHost, RunResult } from './remote-host.ts'
import { type Credential, SecretMask } from './secret-mask.ts'
import { throughCuts } from './time-away.ts'

/** How a run ended. `died`: its process is gone without an exit status. `refused`: it was never started, for the reason. */
export type RunOutcome =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  | { readonly kind: 'died'; readonly output: string }
  | { readonly kind: 'refused'; readonly reason: 'fenced' | 'busy' | 'failed'; readonly message: string }

export interface FollowOptions {
  readonly clock: Clock
  /** Written to the node for the run's time; never in a command line. */
  readonly secret?: string
  /** What of it is never shown, whatever the run prints; the credential of the tunnel's proxy is not either. */
  readonly hidden?: readonly Credential[]
  /** How long the node may be out of reach before one gives up following; the run itself goes on. */
  readonly patienceSeconds: number
  readonly signal?: AbortSignal
  /** Opened anew for each connection: gives the URL of a proxy that the run is to use. */
  readonly tunnel?: { open(host: RemoteHost, signal?: AbortSignal): Promise<string> }
  readonly onOutput?: (text: string) => void
}

const outputLimit = 1024 * 1024

/**
 * Runs a script on a node so that a dropped connection is no failure: one connects again and finds the same run. Rejects
 * with the last connection error (`outcome-unknown`, `host-unreachable`) when patience or the signal ends it.
 */
export async function runDetached(
  connection: HostConnection,
  run: DetachedRun,
  options: FollowOptions,
): Promise<RunOutcome> {
  const output = new CappedText(outputLimit)
  // Before it is capped: half a secret would not be known for one.
  const mask = new SecretMask(options.hidden)
  let offset = 0
  // One for all connections: the next begins where the last was cut, in the middle of a character too.
  const decoder = new StringDecoder('utf8')
  return await throughCuts(connection, options, async (host, heard) => {
    const { signal, secret = '' } = options
    const proxy = await options.tunnel?.open(host, signal)
    if (proxy !== undefined) mask.hide(credentialOf(proxy))
    const onOutput = (bytes: Buffer) => {
      heard()
      offset += bytes.length
      const text = mask.add(decoder.write(bytes))
      output.add(text)
      options.onOutput?.(text)
    }
    const follow = { input: secretInput(secret, proxy), onOutput, ...(signal === undefined ? {} : { signal }) }
    const ended = await host.run(runScript(run, offset), follow)
    output.add(mask.end())
    return outcomeOf(ended, `${output}`)
  })
}

function credentialOf(proxy: string): Credential {
  const { username, password } = new URL(proxy)
  return { login: username, password }
}

function outcomeOf({ code, stderr }: RunResult, output: string): RunOutcome {
  const exit = exitLine.exec(stderr)?.[1]
  if (code === runStatus.exited && exit !== undefined) return { kind: 'exited', code: Number(exit), output }
  if (code === runStatus.died) return { kind: 'died', output }
  const reason = code === runStatus.fenced ? 'fenced' : code === runStatus.busy ? 'busy' : 'failed'
  return { kind: 'refused', reason, message: stderr.trim() }
}
