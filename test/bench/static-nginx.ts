import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, listens } from '../support/free-port.ts'
import { startServer } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { useTool } from '../support/tools.ts'
import { json } from './index-server.ts'

export interface StaticNginx extends AsyncDisposable {
  readonly url: string
  /** What is served: `simple/<project>/index.json` as JSON pages, everything else as it is. */
  readonly folder: string
  put(path: string, bytes: Uint8Array): Promise<void>
}

/** The yardstick: nginx with one worker, serving from disk what others have to know how to make. */
export async function startStaticNginx(): Promise<StaticNginx> {
  const home = await temporaryFolder('static')
  const port = await freePort()
  const folder = join(home.path, 'www')
  await mkdir(folder)
  await writeFile(join(home.path, 'nginx.conf'), configuration(home.path, folder, port))
  const [nginx = 'nginx'] = useTool('nginx')
  const server = await startServer({
    name: 'nginx',
    argv: [nginx, '-p', home.path, '-c', join(home.path, 'nginx.conf'), '-e', join(home.path, 'error.log')],
    logFile: join(home.path, 'error.log'),
    ready: () => listens(port),
  })
  return {
    url: `http://127.0.0.1:${port}`,
    folder,
    async put(path, bytes) {
      await mkdir(join(folder, path, '..'), { recursive: true })
      await writeFile(join(folder, path), bytes)
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await home[Symbol.asyncDispose]()
    },
  }
}

function configuration(home: string, folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${home}/${one};`,
  )
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${home}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=2000;
  keepalive_requests 1000000;
  types { }
  default_type application/octet-stream;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=1024;
    root ${folder};
    location /simple/ { index index.json; default_type ${json}; }
  }
}
`
}
