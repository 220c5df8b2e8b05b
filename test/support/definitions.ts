import { type ServiceDefinition, serviceSchema } from '../../src/deploy/service-definition.ts'

/** A service of three nodes that nobody reaches. */
export function aDefinition(changes: object = {}): ServiceDefinition {
  return serviceSchema.parse({
    project: 'app',
    subscribe: { promote: 'production' },
    fleet: { nodes: ['n1', 'n2', 'n3'] },
    ssh: { user: 'deploy', key: '/nowhere', port: 22, connect_seconds: 5 },
    root: '/srv/app',
    restart: { systemd: 'app' },
    verify: { url: 'http://127.0.0.1/version' },
    ...changes,
  })
}

/** A service of one node, as a person writes it into wheelhouse.yaml. */
export function writtenService(node: string, more: object = {}) {
  return {
    project: 'app',
    fleet: { nodes: [node] },
    root: '/srv/app',
    restart: { systemd: 'app' },
    verify: { url: 'http://127.0.0.1:8000/version' },
    ...more,
  }
}
