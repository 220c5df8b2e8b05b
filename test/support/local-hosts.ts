import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RemoteHosts, ReversePort } from '../../src/deploy/remote-host.ts'
import { DomainError } from '../../src/errors.ts'

/** This machine as a host: the same port without SSH, to tell what a script does from what a connection does. `as`: argv that starts another. */
export function localHosts(as: readonly string[] = []): RemoteHosts {
  const [program = 'sh', ...rest] = [...as, 'sh', '-c']
  return {
    async connect(target) {
      return {
        run: (script, options = {}) =>
          new Promise((resolve, reject) => {
            const child = spawn(program, [...rest, script], { stdio: 'pipe', detached: true })
            let [stdout, stderr] = ['', '']
            child.stdout.on('data', (chunk: Buffer) => {
              stdout += chunk.toString()
              options.onOutput?.(chunk)
            })
            child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
            const unknown = () => {
              if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
              reject(new DomainError('outcome-unknown', `What became of a command on ${target.name} is not known.`))
            }
            const timer = options.timeoutSeconds && setTimeout(unknown, options.timeoutSeconds * 1000)
            options.signal?.addEventListener('abort', unknown, { once: true })
            child.on('close', (code, signal) => {
              clearTimeout(timer || undefined)
              // Its number may be another's by the time that the signal comes.
              options.signal?.removeEventListener('abort', unknown)
              resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 143), stdout, stderr })
            })
            child.stdin.on('error', () => undefined)
            if (typeof options.input === 'object') options.input.pipe(child.stdin)
            else child.stdin.end(options.input ?? '')
          }),
        listen: listenHere,
        [Symbol.asyncDispose]: async () => undefined,
      }
    },
  }
}

async function listenHere(port: number, take: (connection: Duplex) => void): Promise<ReversePort> {
  const server = createServer({ allowHalfOpen: true }, take)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new DomainError('forwarding-refused', error.message)))
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: portOf(server),
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It listens on no port.')
  return address.port
}
