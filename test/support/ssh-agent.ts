import { writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { runOk } from './run.ts'
import { startServer } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface SshAgent extends AsyncDisposable {
  readonly socket: string
  /** A private key in a file, with further words of ssh-add before it, and what it is locked with. */
  add(path: string, how?: { readonly options?: readonly string[]; readonly passphrase?: string }): Promise<void>
}

/** OpenSSH's own agent, without a key at first. */
export async function startSshAgent(): Promise<SshAgent> {
  const folder = await temporaryFolder('agent')
  const socket = join(folder.path, 'socket')
  const server = await startServer({
    name: 'ssh-agent',
    argv: ['ssh-agent', '-D', '-a', socket],
    logFile: join(folder.path, 'agent.log'),
    ready: () => answers(socket),
  })
  return {
    socket,
    async add(path, { options = [], passphrase = '' } = {}) {
      const answer = join(folder.path, 'answer')
      await writeFile(answer, `#!/bin/sh\necho '${passphrase}'\n`, { mode: 0o700 })
      const asked = { SSH_ASKPASS: answer, SSH_ASKPASS_REQUIRE: 'force' }
      await runOk(['ssh-add', '-q', ...options, path], { env: { ...process.env, ...asked, SSH_AUTH_SOCK: socket } })
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ path })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
