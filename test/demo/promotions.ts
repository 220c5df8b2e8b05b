import { askService } from '../support/ask-service.ts'
import { DemoFailure } from './demo-failure.ts'
import type { DemoNode } from './nodes.ts'
import type { DemoServer } from './server.ts'
import type { ExpectedExit } from './shell.ts'
import type { Stage } from './stage.ts'
import { startVisitors } from './visitors.ts'
import { watchNodes } from './watch-nodes.ts'

export async function promote(
  { shell }: Stage,
  server: DemoServer,
  version: string,
  expected?: ExpectedExit,
): Promise<void> {
  const header = `-H "Authorization: Bearer ${server.token}"`
  await shell.run(
    `curl -sS --fail-with-body -X POST ${header} "${server.url}/promote/app/${version}?wait=300"`,
    expected,
  )
}

/** Promotes while users come to the nodes, and shows what each node serves meanwhile. */
export async function promoteInService(
  stage: Stage,
  nodes: readonly DemoNode[],
  ...[server, version, expected]: readonly [server: DemoServer, version: string, expected?: ExpectedExit]
): Promise<void> {
  const promoting = promote(stage, server, version, expected)
  const watch = watchNodes(stage.narrator, nodes)
  const visitors = startVisitors(nodes.map(({ service }) => service.url))
  try {
    await promoting
  } finally {
    await watch.stop()
    await visitors.stop()
  }
  const { answered, bySecondNode, failed } = await visitors.stop()
  const retried = `${bySecondNode} of them by the other node, as the first was restarting`
  stage.narrator.say(`Users meanwhile: ${answered} requests answered (${retried}), ${failed} failed.`)
  if (failed === 0) return
  throw new DemoFailure(`${failed} requests found neither of the nodes in service.`, {
    remedy: 'one node at a time may be restarted: unless this machine is very busy, this is a bug worth a report.',
  })
}

/** Asks the nodes, and holds them to it. */
export async function showVersions({ shell }: Stage, nodes: readonly DemoNode[], version: string): Promise<void> {
  const command = `curl -sS ${nodes.map(({ service }) => `${service.url}/version`).join(' ')}`
  const output = await shell.run(command)
  const running = await Promise.all(nodes.map(({ service }) => askService(service.url)))
  if (running.every((one) => one?.version === version)) return
  throw new DemoFailure(`Not every node serves ${version}.`, {
    command,
    output,
    remedy: 'the deploy above was said to be over; this is a bug worth a report.',
  })
}
