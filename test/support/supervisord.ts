import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { commandLine } from '../../src/deploy/node/shell.ts'
import { hermeticPythonEnv } from './python-env.ts'
import { run } from './run.ts'
import { logTail, type ServerProcess, startServer } from './server-process.ts'
import { toolPaths, useTool } from './tools.ts'

export interface Supervisord extends AsyncDisposable {
  /** What supervisorctl is to read. */
  readonly config: string
  readonly socket: string
  /** Has a supervisorctl and nothing else, to be on a PATH. */
  readonly bin: string
  /** TERM, or KILL: then its programs go on, as the socket does on which nobody answers. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  logs(): string
}

/**
 * A real supervisord in a folder of its own, with one program, `app`. That has to end when this process does: supervisord is
 * killed then, and kills nobody. It is never tried twice, so that what became of it stands still, and counts as started
 * after three seconds, as a Python on a busy machine may take one to fail. Resolves when it runs or was given up. `more` are
 * lines of the program's section.
 */
export async function startSupervisord(
  folder: string,
  argv: readonly string[],
  more: readonly string[] = [],
): Promise<Supervisord> {
  const [config, bin] = [join(folder, 'app.conf'), join(folder, 'bin')]
  const [supervisord = ''] = useTool('supervisor')
  await mkdir(bin, { recursive: true })
  await symlink(supervisorctl(), join(bin, 'supervisorctl'))
  await writeFile(config, [configuration(folder, argv), ...more, ''].join('\n'))
  const server: ServerProcess = await startServer({
    name: 'supervisord',
    argv: [supervisord, '--nodaemon', '--configuration', config],
    logFile: join(folder, 'supervisord.out'),
    env: hermeticPythonEnv(folder),
    ready: async () => /RUNNING|FATAL/.test((await run([supervisorctl(), '-c', config, 'status'])).stdout),
  })
  return {
    config,
    socket: join(folder, 'socket'),
    bin,
    stop: server.stop,
    logs: () => logTail(join(folder, 'app.log')),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** That of the supervisord that is started here. */
export function supervisorctl(): string {
  return join(dirname(toolPaths().supervisor), 'supervisorctl')
}

function configuration(folder: string, argv: readonly string[]): string {
  return `[unix_http_server]
file=${folder}/socket
[supervisord]
logfile=${folder}/supervisord.log
pidfile=${folder}/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/socket
[program:app]
command=${commandLine(argv).replaceAll('%', '%%')}
startsecs=3
startretries=0
autorestart=false
redirect_stderr=true
stdout_logfile=${folder}/app.log`
}
