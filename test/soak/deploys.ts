import { deployKillLoop } from '../support/deploy-kill-loop.ts'

/** `kill -9` of workers at any moment of deploys to real nodes, two servers and two workers on versitygw and Redis. */
export async function soakDeploys(minutes: number): Promise<readonly string[]> {
  const { succeeded, rolledBack, kills, moments } = await deployKillLoop(minutes, (sofar) => {
    const ended = sofar.succeeded + sofar.rolledBack
    if (ended % 5 === 0) console.error(`kills-deploys: ${ended} deploys, ${sofar.kills} workers killed`)
  })
  const met = [...moments].sort(([, a], [, b]) => b - a).map(([moment, times]) => `${moment} ${times}`)
  return [
    `${kills} workers killed: ${succeeded} deploys succeeded, ${rolledBack} bad releases were rolled back, nothing was run twice, no node left drained, never two out of service`,
    `killed while the deploy, or a node, was: ${met.join(', ')}`,
  ]
}
