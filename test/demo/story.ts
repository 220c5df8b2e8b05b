import { join } from 'node:path'
import { commandLine } from '../../src/deploy/node/shell.ts'
import { type DemoNodes, startNodes } from './nodes.ts'
import { promote, promoteInService, showVersions } from './promotions.ts'
import { buildRelease, uploadReleases } from './releases.ts'
import { type DemoServer, startDemoServer, wheelhouseCommand } from './server.ts'
import type { Stage } from './stage.ts'

/** The whole road: from two bare machines to a release on both of them, a newer one, a bad one, and back. */
export async function tellStory(stage: Stage): Promise<void> {
  const { nodes, server } = await prepare(stage)
  await publish(stage, server)
  await deploy(stage, server, nodes)
}

async function prepare(stage: Stage): Promise<{ readonly nodes: DemoNodes; readonly server: DemoServer }> {
  const { narrator, shell } = stage
  const nodes = await narrator.chapter('Two nodes: real sshd on loopback, each with a folder as its disk', async () => {
    const started = await startNodes(stage)
    const lines = started.all.map(
      ({ name, node, service }) =>
        `${name}: sshd on port ${node.port}, the service in ${service.root}, on port ${service.port}`,
    )
    narrator.say(lines.join('\n'))
    return started
  })
  const server = await narrator.chapter('The server, with a folder for its data', () => startDemoServer(stage, nodes))
  await narrator.chapter('Host keys: nothing is deployed to a machine that nobody vouched for', async () => {
    narrator.say('A person compares what each machine says of itself with what Wheelhouse sees, then says yes.')
    for (const { name } of nodes.all) {
      await shell.run(commandLine(['ssh-keygen', '-lf', join(stage.scratch, name, 'host_key.pub')]))
    }
    await shell.run(wheelhouseCommand(stage, 'hosts trust --yes'))
  })
  return { nodes, server }
}

async function publish(stage: Stage, server: DemoServer): Promise<void> {
  await stage.narrator.chapter('Two releases of app, built and uploaded as in CI', async () => {
    await buildRelease(stage, { version: '1.0.0' })
    await buildRelease(stage, { version: '1.1.0' })
    await uploadReleases(stage, server, ['1.0.0', '1.1.0'])
  })
}

async function deploy(stage: Stage, server: DemoServer, { all }: DemoNodes): Promise<void> {
  const { narrator } = stage
  await narrator.chapter('Promote 1.0.0: one call installs and starts it on every node', async () => {
    await promote(stage, server, '1.0.0')
    await showVersions(stage, all, '1.0.0')
  })
  await narrator.chapter('Promote 1.1.0 while users are there: one node after the other', async () => {
    await promoteInService(stage, all, server, '1.1.0')
    await showVersions(stage, all, '1.1.0')
  })
  await narrator.chapter('A bad release, 1.2.0: it cannot start, and goes back by itself', async () => {
    await buildRelease(stage, { version: '1.2.0', importError: true })
    await uploadReleases(stage, server, ['1.2.0'])
    const red = { status: 22, meaning: 'as it should be, CI would be red' }
    await promoteInService(stage, all, server, '1.2.0', red)
    await showVersions(stage, all, '1.1.0')
  })
  await narrator.chapter('Roll back to 1.0.0: it is still on the disks of the nodes, no index is asked', async () => {
    await promoteInService(stage, all, server, '1.0.0')
    await showVersions(stage, all, '1.0.0')
  })
  await narrator.chapter('What ran when, and what runs', () => showHistory(stage, server))
}

async function showHistory({ shell }: Stage, server: DemoServer): Promise<void> {
  const ask = (path: string) => `curl -sS -H "Authorization: Bearer ${server.token}" ${server.url}${path}`
  const print = `for one in json.load(sys.stdin)["channels"]["production"]["history"]: print(one["serial"], one["at"], one["version"])`
  await shell.run(`${ask('/channels/app')} | /usr/bin/python3 -c 'import json, sys\n${print}'`)
  await shell.run(ask('/services'))
}
