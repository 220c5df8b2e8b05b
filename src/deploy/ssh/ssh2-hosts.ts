import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import type { Client, ClientChannel } from 'ssh2'
import { DomainError, messageOf } from '../../errors.ts'
import { CappedText } from '../capped-text.ts'
import type { HostTarget, RemoteHost, RemoteHosts, RunOptions, RunResult } from '../remote-host.ts'
import { BoundedStarts } from './bounded-starts.ts'
import { ConnectionStarts } from './connection-starts.ts'
import { afterMark, framed } from './framed-script.ts'
import { JumpHosts } from './jump-hosts.ts'
import type { KnownHosts } from './known-hosts.ts'
import { type OpenPorts, openClient, usualKeepalive } from './open-client.ts'
import { ReversePorts } from './reverse-ports.ts'

const outputLimit = 2 * 1024 * 1024

/** Of one connection: sshd turns the eleventh away (MaxSessions), and of that nobody could tell whether it ran. */
const scriptsAtOnce = 6

/** Milliseconds. A busy sshd counts sessions that have ended for a moment longer, and whom it turns away it has run nothing for. */
const pausesWhenTurnedAway = [50, 100, 200]

/** Hosts over SSH, by ssh2: one connection a host, and one to each jump host for all that lie behind it. */
export function ssh2Hosts(
  knownHosts: KnownHosts,
  { keepaliveSeconds = usualKeepalive, ownAgent }: Partial<Pick<OpenPorts, 'keepaliveSeconds' | 'ownAgent'>> = {},
): RemoteHosts {
  const ports = { knownHosts, starts: new ConnectionStarts(), keepaliveSeconds, ownAgent }
  const jumps = new JumpHosts((hop, options, way) => openClient(ports, hop, options, way))
  return {
    async connect(target, options = {}) {
      const { client, lost } = await jumps.login(target, options)
      return connectedHost(client, target, lost)
    },
  }
}

function connectedHost(client: Client, target: HostTarget, wayLost: () => string | undefined): RemoteHost {
  const ports = new ReversePorts(client, target)
  let lost: string | undefined
  const turns = new BoundedStarts(scriptsAtOnce)
  client.on('error', (error) => {
    lost ??= error.message
  })
  client.on('close', () => {
    lost = wayLost() ?? lost ?? 'the connection was closed'
  })
  return {
    run: (script, options = {}) => turns.run(() => runScript(client, target, script, options, () => lost)),
    listen: (port, take) => ports.listen(port, take),
    async [Symbol.asyncDispose]() {
      if (lost !== undefined) return
      await new Promise<void>((resolve) => {
        client.once('close', () => resolve())
        client.end()
      })
    },
  }
}

function runScript(
  client: Client,
  target: HostTarget,
  script: string,
  options: RunOptions,
  lost: () => string | undefined,
): Promise<RunResult> {
  const mark = `wheelhouse-${randomUUID()}`
  return new Promise((resolve, reject) => {
    const unknown = (why: string) => {
      const text = `What became of a command on ${target.name} is not known: ${why}. It may be running still.`
      settle(() => reject(new DomainError('outcome-unknown', text, { host: target.name })))
    }
    const timer = options.timeoutSeconds && setTimeout(() => unknown('its time was up'), options.timeoutSeconds * 1000)
    const abort = () => unknown('waiting for it was given up')
    const closed = () => unknown(lost() ?? 'the connection was lost')
    const cut = () => unknown(lost() ?? 'it was closed without an exit status')
    let pause: NodeJS.Timeout | undefined
    const settle = (end: () => void) => {
      clearTimeout(timer || undefined)
      clearTimeout(pause)
      options.signal?.removeEventListener('abort', abort)
      client.off('close', closed)
      end()
    }
    options.signal?.addEventListener('abort', abort, { once: true })
    client.once('close', closed)
    const start = (pauses: readonly number[]): void => {
      const begun = (error: Error | undefined, channel: ClientChannel) => {
        const [next, ...later] = isTurnedAway(error) ? pauses : []
        if (next !== undefined) pause = setTimeout(start, next, later)
        else if (error) unknown(error.message)
        else collect(channel, mark, options, (result) => (result ? settle(() => resolve(result)) : cut()))
      }
      try {
        if (lost() !== undefined) closed()
        else if (options.signal?.aborted) abort()
        else client.exec(framed(script, mark), begun)
      } catch (error) {
        // It throws where the connection is about to end.
        unknown(lost() ?? messageOf(error))
      }
    }
    start(pausesWhenTurnedAway)
  })
}

/** By SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254, 5.1), whose reason is a number: nothing was begun. */
function isTurnedAway(error: Error | undefined): boolean {
  return error !== undefined && 'reason' in error && typeof error.reason === 'number'
}

/** Reads both streams to their ends: an unread one would fill its window and stall the script. */
function collect(
  channel: ClientChannel,
  mark: string,
  { input, onOutput }: RunOptions,
  done: (result: RunResult | undefined) => void,
): void {
  const [stdout, stderr] = [new CappedText(outputLimit), new CappedText(outputLimit)]
  const decoders = [new StringDecoder('utf8'), new StringDecoder('utf8')] as const
  const out = afterMark(mark, (bytes) => {
    stdout.add(decoders[0].write(bytes))
    onOutput?.(bytes)
  })
  channel.on('data', out)
  channel.stderr.on(
    'data',
    afterMark(mark, (bytes) => stderr.add(decoders[1].write(bytes))),
  )
  let code: number | undefined
  // Optional in the protocol (RFC 4254 6.10): without it one does not know how the script ended.
  channel.on('exit', (status: number | null, signalName?: string) => {
    code = status ?? 128 + (constants.signals[signalName as NodeJS.Signals] ?? 0)
  })
  channel.on('close', () => done(code === undefined ? undefined : { code, stdout: `${stdout}`, stderr: `${stderr}` }))
  channel.on('error', () => undefined)
  if (typeof input === 'object') input.pipe(channel)
  else channel.end(input ?? '')
}
