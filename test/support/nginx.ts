import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exercised } from './exercised.ts'
import { listens, withFreePort } from './free-port.ts'
import { logTail, type ServerProcess, startServer } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { toolLabel, toolPaths } from './tools.ts'

export interface NginxOptions {
  /** `127.0.0.1:8001` each; requests go round. */
  readonly upstreams: readonly string[]
  /** How many upstreams a request may be offered to, the first included; 2 (one retry) when left out. */
  readonly tries?: number
  /** The path under which the upstreams appear, `/pypi/` for one; the prefix is cut off. */
  readonly prefix?: string
  /** Further directives of the location, one each, without semicolon. */
  readonly directives?: readonly string[]
}

export interface NginxServer extends AsyncDisposable {
  /** Without a slash at the end; ends with the prefix where there is one. */
  readonly url: string
  readonly port: number
  logs(): string
  accessLog(): string
}

/** A real nginx as reverse proxy and balancer. */
export async function startNginx(options: NginxOptions): Promise<NginxServer> {
  const folder = await temporaryFolder('nginx')
  let running: { port: number; server: ServerProcess }
  try {
    running = await withFreePort(async (port) => ({ port, server: await launch(port, folder.path, options) }))
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
  exercised(toolLabel('nginx'))
  return {
    url: `http://127.0.0.1:${running.port}${(options.prefix ?? '/').replace(/\/$/, '')}`,
    port: running.port,
    logs: () => logTail(join(folder.path, 'error.log')),
    accessLog: () => logTail(join(folder.path, 'access.log')),
    [Symbol.asyncDispose]: async () => {
      await running.server.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function launch(port: number, folder: string, options: NginxOptions): Promise<ServerProcess> {
  await writeFile(join(folder, 'nginx.conf'), configuration(port, folder, options))
  return await startServer({
    name: 'nginx',
    argv: [toolPaths().nginx, '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    logFile: join(folder, 'error.log'),
    ready: () => listens(port),
  })
}

/**
 * One process: workers would outlive a master that was killed. `max_fails=0`, because nginx otherwise leaves out for ten seconds
 * a node that refused once, and answers 502 when the next node restarts within that time.
 */
function configuration(port: number, folder: string, options: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${folder}/${one};`,
  )
  const prefix = options.prefix ?? '/'
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log info;
events { worker_connections 4096; }
http {
  access_log ${folder}/access.log;
  ${temporary.join('\n  ')}
  upstream nodes {
    ${options.upstreams.map((upstream) => `server ${upstream} max_fails=0;`).join('\n    ')}
  }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location ${prefix} {
      proxy_pass http://nodes${prefix === '/' ? '' : '/'};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_connect_timeout 2s;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries ${options.tries ?? 2};
      client_max_body_size 0;
      ${(options.directives ?? []).map((directive) => `${directive};`).join('\n      ')}
    }
  }
}
`
}
