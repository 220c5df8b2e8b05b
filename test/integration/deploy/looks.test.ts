import { afterEach, describe, expect, it } from 'vitest'
import { aNode } from '../../support/a-node.ts'

type Node = Awaited<ReturnType<typeof aNode>>

describe('a look at a node', () => {
  let node: Node | undefined
  afterEach(async () => {
    await node?.[Symbol.asyncDispose]()
  })

  /** A node on which a release was switched to, started and verified. */
  async function running(version: string, told = version, settings: object = {}): Promise<Node> {
    const here = await aNode(settings)
    node = here
    await here.stage(`${version}-one`, version)
    await here.tell(told)
    expect(await here.activate('first', `${version}-one`)).toEqual({ ok: true })
    await here.restart()
    return here
  }

  it('tells the process that was verified from one that only says the same', async () => {
    const here = await running('1.0', '1.0!')
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: true, verified: false } } })
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    expect(await here.probe()).toMatchObject({
      found: { before: { release: '1.0-one', healthy: true, verified: true } },
    })
    // Switched, and never restarted: the old process reads the new version from the disk.
    await here.stage('1.1-two', '1.1')
    expect(await here.activate('second', '1.1-two')).toEqual({ ok: true })
    await here.tell('1.1!')
    expect(await here.probe()).toMatchObject({
      found: { before: { release: '1.1-two', healthy: true, verified: false } },
    })
  })

  it('takes a process that was started again for another one', async () => {
    const here = await running('1.0')
    expect(await here.verify('first', '1.0')).toEqual({ ok: true })
    await here.restart()
    expect(await here.probe()).toMatchObject({ found: { before: { healthy: true, verified: false } } })
  })
})
