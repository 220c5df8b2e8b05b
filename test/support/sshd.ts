import { chmodSync, mkdirSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { exercised } from './exercised.ts'
import { listens, withFreePort } from './free-port.ts'
import { descendants, killAll, processesOf, programName } from './process-table.ts'
import { run } from './run.ts'
import { logTail, type ServerProcess, startServer } from './server-process.ts'
import { generateSshKey, type SshKey } from './ssh-keys.ts'
import { nodeEnvironment, nodePath, sshdConfiguration } from './sshd-configuration.ts'
import { supervisorctl } from './supervisord.ts'
import { newFolder, temporaryFolder } from './temporary-folder.ts'
import { toolLabel, toolPaths, useTool } from './tools.ts'
import { until } from './until.ts'

export interface NodeOptions {
  /** The disk of the machine, made and removed by the node; somewhere temporary when left out. */
  readonly folder?: string
  /** Who may log in; a new key is made when left out. */
  readonly clientKey?: SshKey
  /** What its `authorized_keys` allow besides running commands: `port-forwarding` on a jump host. */
  readonly allow?: string
  /** What `python3` means on this node; Debian's CPython when left out, `pypy` for a node that differs. */
  readonly python3?: 'python' | 'pypy'
  /** Whether there is uv on its PATH, of the version that the tests are run with. */
  readonly uv?: boolean
  /** Whether there is supervisorctl on its PATH. */
  readonly supervisor?: boolean
  /** Further variables of every session. */
  readonly env?: Readonly<Record<string, string>>
  /** How many scripts may run at once over one connection, as its sshd has it; 100 when left out, OpenSSH's default being 10. */
  readonly maxSessions?: number
  /** sshd's own `MaxStartups`: how many connections that have not logged in yet it bears; 100 when left out. */
  readonly maxStartups?: string
}

/** A machine of a fleet: a real OpenSSH server with a folder of its own as the machine's disk. */
export interface SshNode extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** The user of this process: a plain process can log in nobody else. */
  readonly user: string
  /** `ssh-ed25519 AAAA…`. */
  readonly hostPublicKey: string
  /** A line for a `known_hosts` file. */
  readonly knownHostsLine: string
  /** Where services live on this node. */
  readonly root: string
  /** The sessions' HOME. A command starts in the user's real home all the same: sshd gives no choice there. */
  readonly home: string
  /** The sessions' PATH. */
  readonly path: string
  readonly clientKeyPath: string
  readonly clientPublicKey: string
  /** The argv of the system's ssh client that logs in, without the remote command. */
  readonly sshArgv: readonly string[]
  /** Cuts every connection as a broken network would; the commands that ran detached go on. Says how many processes. */
  killSessions(): number
  /** The node is off the network: no listener, no sessions; services on it go on running. */
  stop(): Promise<void>
  /** Back on the network, with the same port and host key. */
  start(): Promise<void>
  logs(): string
}

/** Starts a node. On dispose everything that was ever started through it is killed, and its disk removed. */
export async function startNode(options: NodeOptions = {}): Promise<SshNode> {
  const folder = await (options.folder === undefined ? temporaryFolder('node') : newFolder(options.folder))
  try {
    return await inFolder(folder.path, options, async () => await folder[Symbol.asyncDispose]())
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

async function inFolder(folder: string, options: NodeOptions, remove: () => Promise<void>): Promise<SshNode> {
  const at = (name: string) => join(folder, name)
  for (const name of ['srv', 'home', 'tmp', 'bin']) await mkdir(at(name))
  const [python3 = ''] = useTool(options.python3 ?? 'python')
  await symlink(python3, join(at('bin'), 'python3'))
  if (options.uv) await symlink(useTool('uv')[0] ?? '', join(at('bin'), 'uv'))
  if (options.supervisor) await symlink(supervisorctl(), join(at('bin'), 'supervisorctl'))
  const hostKey = await generateSshKey(folder, 'host_key')
  const client = options.clientKey ?? (await generateSshKey(folder, 'client_key'))
  // As docs/operations.md recommends it: no terminal, no forwarding, and from one address only.
  await writeFile(
    at('authorized_keys'),
    `from="127.0.0.1",restrict${options.allow ? `,${options.allow}` : ''} ${client.publicKey}\n`,
  )
  preparePrivilegeSeparation()
  let running = await withFreePort(async (port) => ({ port, server: await launch(folder, port, options) }))
  const { port } = running
  const hostPublicKey = hostKey.publicKey.split(' ').slice(0, 2).join(' ')
  const knownHostsLine = `[127.0.0.1]:${port} ${hostPublicKey}`
  await writeFile(at('known_hosts'), `${knownHostsLine}\n`)
  exercised(toolLabel('sshd'))
  const user = userInfo().username
  const stop = async () => {
    const open = sessions(running.server.pid)
    await running.server.stop('SIGKILL')
    killAll(open)
  }
  return {
    host: '127.0.0.1',
    port,
    user,
    hostPublicKey,
    knownHostsLine,
    root: at('srv'),
    home: at('home'),
    path: nodePath(folder),
    clientKeyPath: client.privateKeyPath,
    clientPublicKey: client.publicKey,
    sshArgv: sshArgv(at('known_hosts'), client.privateKeyPath, port, user),
    killSessions: () => {
      const open = sessions(running.server.pid)
      killAll(open)
      return open.length
    },
    stop,
    start: async () => {
      running = { port, server: await launch(folder, port, options) }
    },
    logs: () => logTail(at('sshd.log')),
    [Symbol.asyncDispose]: async () => {
      await stop()
      // A process is there for a moment after it was killed, and may have started another one just before.
      await until(() => {
        const left = processesOf(folder)
        killAll(left)
        return left.length === 0
      })
      await remove()
    },
  }
}

async function launch(folder: string, port: number, options: NodeOptions): Promise<ServerProcess> {
  const file = join(folder, 'sshd_config')
  const environment = nodeEnvironment(folder, options.env ?? {})
  await writeFile(
    file,
    sshdConfiguration({
      folder,
      port,
      environment,
      usePam: await rootIsLocked(),
      maxSessions: options.maxSessions ?? 100,
      maxStartups: options.maxStartups ?? '100:30:200',
    }),
  )
  const { sshd } = toolPaths()
  // OpenSSH 9.8 and newer locks out a source that fails to log in: tests do so on purpose. Older ones do not know the word.
  const penalties = ['-o', 'PerSourcePenalties=no']
  const known = (await run([sshd, '-t', '-f', file, ...penalties])).code === 0
  const logFile = join(folder, 'sshd.log')
  return await startServer({
    name: 'sshd',
    argv: [sshd, '-D', '-e', '-f', file, ...(known ? penalties : [])],
    logFile,
    ready: () => listens(port),
  })
}

function sshArgv(knownHosts: string, key: string, port: number, user: string): readonly string[] {
  const settings = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
  ]
  return [
    'ssh',
    '-F',
    'none',
    ...settings.flatMap((one) => ['-o', one]),
    '-i',
    key,
    '-p',
    `${port}`,
    `${user}@127.0.0.1`,
  ]
}

/** The per-connection processes, and none of the commands that they started. `sshd-session` is OpenSSH 9.8's name for them. */
function sessions(listener: number): readonly number[] {
  return descendants(listener).filter((pid) => programName(pid).startsWith('sshd'))
}

/** As root, sshd refuses to start without this empty folder; Debian's service makes it, and a container has no services. */
function preparePrivilegeSeparation(): void {
  if (process.getuid?.() !== 0) return
  mkdirSync('/run/sshd', { recursive: true })
  chmodSync('/run/sshd', 0o755)
}

/** Without PAM, sshd turns away an account whose password is locked (`!`), as root's is on many a cloud image. */
async function rootIsLocked(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  return /^root:!/m.test(await readFile('/etc/shadow', 'utf8'))
}
