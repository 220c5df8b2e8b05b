import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import { Client, type ClientChannel } from 'ssh2'
import { DomainError, messageOf } from '../../errors.ts'
import { CappedText } from '../capped-text.ts'
import type { HostTarget, RemoteHost, RemoteHosts, RunOptions, RunResult } from '../remote-host.ts'
import { connectionError, hostKeyError } from './connection-errors.ts'
import { afterMark, framed } from './framed-script.ts'
import { algorithmsFor } from './host-key-algorithms.ts'
import { type HostKeyVerdict, keyTypesFor, parseKnownHosts, verdictFor } from './known-hosts.ts'

const outputLimit = 2 * 1024 * 1024

/**
 * Hosts over SSH, by ssh2: one connection a host. The library accepts any host key unless told otherwise, knows no
 * known_hosts, keeps no connection alive and waits for acknowledgements with small packets: all four are set here.
 */
export function ssh2Hosts(knownHosts: () => Promise<string>): RemoteHosts {
  return {
    async connect(target, signal) {
      const known = parseKnownHosts(await knownHosts())
      const privateKey = await readFile(target.keyPath).catch((error: unknown) => {
        const text = `The private key ${target.keyPath} for ${target.name} cannot be read: ${messageOf(error)}.`
        throw new DomainError('host-authentication', text, { host: target.name }, { cause: error })
      })
      const client = new Client()
      let seen: { key: Buffer; verdict: HostKeyVerdict } | undefined
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(new DomainError('host-unreachable', `Connecting to ${target.name} was given up.`))
        signal?.addEventListener('abort', abort, { once: true })
        // Never removed: an error may come at any time, even after the end, and unheard would end the process.
        client.on('error', (error) => {
          const refused = seen !== undefined && seen.verdict !== 'trusted'
          reject(refused && seen ? hostKeyError(target, seen.key, seen.verdict) : connectionError(target, error))
        })
        client.once('close', () => reject(connectionError(target, new Error('the connection was closed'))))
        client.once('ready', () => resolve())
        client.connect({
          host: target.address,
          port: target.port,
          username: target.user,
          privateKey,
          // One key and no other way: each failed offer counts against MaxAuthTries and PerSourcePenalties.
          authHandler: ['publickey'],
          readyTimeout: target.connectSeconds * 1000,
          keepaliveInterval: 10_000,
          keepaliveCountMax: 3,
          algorithms: { serverHostKey: algorithmsFor(keyTypesFor(known, target.address, target.port)) },
          hostVerifier: (key: Buffer) => {
            seen = { key, verdict: verdictFor(known, target.address, target.port, key) }
            return seen.verdict === 'trusted'
          },
        })
      }).catch((error: unknown) => {
        client.destroy()
        throw error
      })
      client.setNoDelay(true)
      return connectedHost(client, target)
    },
  }
}

function connectedHost(client: Client, target: HostTarget): RemoteHost {
  let lost: string | undefined
  client.on('error', (error) => {
    lost ??= error.message
  })
  client.on('close', () => {
    lost ??= 'the connection was closed'
  })
  return {
    run: (script, options = {}) => runScript(client, target, script, options, () => lost),
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
    const settle = (end: () => void) => {
      clearTimeout(timer || undefined)
      options.signal?.removeEventListener('abort', abort)
      client.off('close', closed)
      end()
    }
    options.signal?.addEventListener('abort', abort, { once: true })
    client.once('close', closed)
    if (lost() !== undefined) return closed()
    client.exec(framed(script, mark), (error, channel) => {
      if (error) return unknown(error.message)
      collect(channel, mark, options, (result) => (result ? settle(() => resolve(result)) : closed()))
    })
  })
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
  channel.end(input ?? '')
}
