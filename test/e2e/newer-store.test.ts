import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { post } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { startWheelhouse, wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

/** As a newer Wheelhouse would have written it. */
function makeNewer(path: string): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), format: 99 }))
}

describe('a store that a newer Wheelhouse has written to', () => {
  it('is refused with a sentence by requests that meet it, by fsck, and at once by a server that starts', async () => {
    await using server = await startWheelhouse()
    const wheel = aWheel({ name: 'app', version: '1.0' })
    expect((await post(server, wheel, { name: 'app', version: '1.0' })).status).toBe(200)
    await server.stop()
    const objects = join(server.folder, 'storage', 'objects')
    const head = join(objects, 'projects', 'app.json')
    makeNewer(head)
    const before = readFileSync(head)
    const sentence =
      /has format 99, but this Wheelhouse knows formats up to \d: a newer Wheelhouse wrote it\. Run that version or a later one/
    {
      await using again = await startWheelhouse({ folder: server.folder })
      const headers = { authorization: `Bearer ${again.token}` }
      const page = await fetch(`${again.url}/simple/app/`, { headers })
      expect([page.status, await page.text()]).toEqual([503, expect.stringMatching(sentence)])
      const next = aWheel({ name: 'app', version: '1.1' })
      const upload = await post(again, next, { name: 'app', version: '1.1' })
      expect([upload.status, await upload.text()]).toEqual([503, expect.stringMatching(sentence)])
      await again.stop()
    }
    expect(readFileSync(head)).toEqual(before)
    makeNewer(join(objects, 'upkeep', 'store.json'))
    await expect(startWheelhouse({ folder: server.folder })).rejects.toThrow(sentence)
    const argv = [process.execPath, wheelhouseScript, 'fsck']
    const fsck = await run(argv, { env: server.environment, cwd: server.folder })
    expect([fsck.code, fsck.stderr]).toEqual([2, expect.stringMatching(sentence)])
  })
})
