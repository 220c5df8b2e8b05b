import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { generateSshKey } from './ssh-keys.ts'
import { type NodeOptions, type SshNode, startNode } from './sshd.ts'
import { type SupervisedService, superviseService } from './supervised-service.ts'

export interface FleetMember {
  readonly name: string
  readonly node: SshNode
  readonly service: SupervisedService
}

/** Real sshd nodes with one supervised service each. */
export interface Fleet extends AsyncDisposable {
  readonly members: readonly FleetMember[]
  /** Through which alone the product gets to them, where there is one. */
  readonly jump: SshNode | undefined
  readonly keyPath: string
  /** A `known_hosts` file with the keys of all nodes. */
  readonly knownHosts: string
}

export async function startFleet(folder: string, nodes: readonly NodeOptions[], jumps = false): Promise<Fleet> {
  const key = await generateSshKey(folder, `fleet-${nodes.length}`)
  const jump = jumps ? await startNode({ clientKey: key, allow: 'port-forwarding' }) : undefined
  const members = await Promise.all(
    nodes.map(async (options, at): Promise<FleetMember> => {
      const node = await startNode({ uv: true, ...options, clientKey: key })
      return { name: `web${at + 1}`, node, service: await superviseService(node) }
    }),
  )
  const knownHosts = join(folder, 'known_hosts')
  const machines = [...(jump === undefined ? [] : [jump]), ...members.map(({ node }) => node)]
  await writeFile(knownHosts, machines.map(({ knownHostsLine }) => `${knownHostsLine}\n`).join(''))
  return {
    members,
    jump,
    keyPath: key.privateKeyPath,
    knownHosts,
    [Symbol.asyncDispose]: async () => {
      for (const { service, node } of members) {
        await service.stop().catch(() => undefined)
        await node[Symbol.asyncDispose]()
      }
      await jump?.[Symbol.asyncDispose]()
    },
  }
}

export interface FleetConfiguration {
  readonly notify?: readonly object[]
  readonly fleet: Fleet
  readonly indexes?: readonly string[]
  readonly service?: object
  readonly verify?: object
  readonly rollout?: object
  readonly worker?: object
}

/** wheelhouse.yaml for a fleet that runs `app`, with short times. */
export async function writeConfiguration(path: string, options: FleetConfiguration): Promise<void> {
  const { fleet, indexes = ['self'] } = options
  const { jump } = fleet
  const through = jump === undefined ? {} : { jump: [`${jump.user}@${jump.host}:${jump.port}`] }
  const settings = {
    ssh: { user: fleet.members[0]?.node.user, key: fleet.keyPath, known_hosts: fleet.knownHosts, ...through },
    worker: { lease_seconds: 2, look_seconds: 0.5, ...options.worker },
    notify: options.notify ?? [],
    services: {
      web: {
        project: 'app',
        fleet: {
          nodes: fleet.members.map(({ name, node, service }) => ({
            name,
            address: node.host,
            port: node.port,
            root: service.root,
            vars: { http: String(service.port) },
          })),
        },
        root: '/srv/app',
        indexes,
        restart: { command: ['{root}/restart-app.sh'] },
        verify: {
          url: 'http://127.0.0.1:{http}/version',
          probes: 3,
          interval_seconds: 0.1,
          timeout_seconds: 5,
          ...options.verify,
        },
        rollout: { soak_seconds: 0.5, unreachable_seconds: 20, ...options.rollout },
        // What looks at nodes now and then would be in the way of those that count what was run there.
        converge: { every_minutes: 0 },
        ...options.service,
      },
    },
  }
  await writeFile(path, stringify(settings))
}
