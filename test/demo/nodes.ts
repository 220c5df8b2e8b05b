import { join } from 'node:path'
import { generateSshKey } from '../support/ssh-keys.ts'
import { type SshNode, startNode } from '../support/sshd.ts'
import { type SupervisedService, superviseService } from '../support/supervised-service.ts'
import type { Stage } from './stage.ts'

/** A machine that Wheelhouse deploys to. */
export interface DemoNode {
  readonly name: string
  readonly node: SshNode
  readonly service: SupervisedService
}

export interface DemoNodes {
  readonly all: readonly DemoNode[]
  /** The private key that they let in. */
  readonly key: string
}

/** Two real sshd on loopback, each with a folder as its disk, and a service on it that is not installed yet. */
export async function startNodes({ scratch, props }: Stage): Promise<DemoNodes> {
  const clientKey = await generateSshKey(scratch, 'deploy-key')
  const all: DemoNode[] = []
  for (const name of ['web1', 'web2']) {
    const node = props.use(await startNode({ folder: join(scratch, name), clientKey }))
    const service = await superviseService(node)
    props.defer(() => service.stop())
    all.push({ name, node, service })
  }
  return { all, key: clientKey.privateKeyPath }
}
