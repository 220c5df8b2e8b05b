import { spawn } from 'node:child_process'
import type { RemoteHosts } from '../../src/deploy/remote-host.ts'
import { DomainError } from '../../src/errors.ts'

/** This machine as a host: the same port without SSH, to tell what a script does from what a connection does. */
export function localHosts(): RemoteHosts {
  return {
    async connect(target) {
      return {
        run: (script, options = {}) =>
          new Promise((resolve, reject) => {
            const child = spawn('sh', ['-c', script], { stdio: 'pipe', detached: true })
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
              resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 143), stdout, stderr })
            })
            child.stdin.on('error', () => undefined)
            child.stdin.end(options.input ?? '')
          }),
        [Symbol.asyncDispose]: async () => undefined,
      }
    },
  }
}
