import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { messageOf } from '../../src/errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

export const service = {
  project: 'app',
  fleet: { nodes: ['web1.example.com', 'web2.example.com'] },
  root: '/srv/app',
  restart: { systemd: 'app' },
  verify: { url: 'http://127.0.0.1:8000/version' },
}

/** What a process that deploys says of the file; empty where it is content. */
export async function mistakesIn(
  services: object,
  rest: object = {},
  role: 'worker' | 'server' | 'command' = 'worker',
): Promise<string> {
  await using folder = await temporaryFolder('config')
  await writeFile(join(folder.path, 'key'), '')
  const server = { external_url: 'https://index.example.com' }
  const file = { server, ssh: { user: 'deploy', key: 'key' }, services, ...rest }
  await writeFile(join(folder.path, 'wheelhouse.yaml'), stringify(file))
  try {
    loadConfig({}, folder.path, role)
    return ''
  } catch (error) {
    return messageOf(error).split('\n').slice(1).join('\n')
  }
}
