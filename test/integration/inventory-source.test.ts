import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readInventory } from '../../src/discovery/inventory-source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const environment = { PATH: process.env['PATH'] ?? '' }
const sh = (script: string, seconds = 20) => ({ command: ['sh', '-c', script], seconds })

describe('an inventory', () => {
  it('is what a command prints, whatever it says to standard error, and without a shell of ours', async () => {
    const printed = await readInventory(sh('echo "a warning" >&2; echo "{}"'), environment)
    expect(printed).toBe('{}\n')
    const words = { command: ['printf', '%s|', '$HOME;', '*'], seconds: 20 }
    expect(await readInventory(words, environment)).toBe('$HOME;|*|')
  })

  it('is what stands in a file', async () => {
    await using folder = await temporaryFolder('inventory')
    const file = join(folder.path, 'inventory.json')
    await expect(readInventory({ file, seconds: 1 }, {})).rejects.toThrow(/The inventory .* cannot be read: ENOENT/)
    await writeFile(file, '{}')
    expect(await readInventory({ file, seconds: 1 }, {})).toBe('{}')
  })

  it.each<[string, { command: string[]; seconds: number }, string | RegExp]>([
    ['ends badly', sh('echo out; echo "no credentials" >&2; exit 3'), '" ended with status 3: no credentials.'],
    ['is not there', { command: ['/no/such/thing'], seconds: 1 }, /"\/no\/such\/thing" cannot be started: .*ENOENT/],
    ['never ends', sh('sleep 600', 0.2), '" took longer than 0.2 s, and was ended.'],
    ['prints for ever', sh('yes'), '" gave more than 16 MiB, and was ended.'],
  ])('cannot be told where the command %s', async (_what, source, sentence) => {
    await expect(readInventory(source, environment)).rejects.toThrow(sentence)
  })

  it('leaves nothing behind of a command that was ended', async () => {
    await using folder = await temporaryFolder('inventory')
    const file = join(folder.path, 'pid')
    const stop = new AbortController()
    const reading = readInventory(
      sh(`sleep 600 & echo $! > ${file}.new && mv ${file}.new ${file}; wait`),
      environment,
      stop.signal,
    )
    const text = reading.catch((error: Error) => error.message)
    await until(async () => (await readFile(file, 'utf8').catch(() => '')) !== '')
    const pid = Number(await readFile(file, 'utf8'))
    stop.abort()
    expect(await text).toContain('was ended, as this process stops')
    await until(async () => !(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).match(/\) [^Z]/))
  })
})
