import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { archiveContents } from '../support/archive-contents.ts'
import { inspectedBytes } from '../support/inspected-bytes.ts'
import { type MutatedArchive, mutatedArchives } from '../support/mutated-archives.ts'
import { hermeticPythonEnv } from '../support/python-env.ts'
import { run, runOk } from '../support/run.ts'
import { soundArchives } from '../support/sound-archives.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { useTool } from '../support/tools.ts'

/** What Python finds in archives, asked of one process for all. */
async function pythonContents(folder: string, archives: readonly MutatedArchive[]): Promise<unknown[]> {
  const paths = archives.map(({ filename }, index) => join(folder, `${index}-${filename}`))
  await Promise.all(archives.map(({ bytes }, index) => writeFile(paths[index] ?? '', bytes)))
  const script = fileURLToPath(new URL('../support/archive-contents.py', import.meta.url))
  const { stdout } = await runOk([...useTool('python'), script], { stdin: paths.join('\n') })
  const found = JSON.parse(stdout) as Record<string, unknown>
  return paths.map((path) => found[path])
}

async function expectSameContents(archives: readonly MutatedArchive[]): Promise<void> {
  await using folder = await temporaryFolder('readers')
  const theirs = await pythonContents(folder.path, archives)
  const ours = await Promise.all(archives.map(({ bytes, filename }) => archiveContents(bytes, filename)))
  for (const [index, contents] of ours.entries()) expect(theirs[index]).toEqual(contents)
}

describe('what we accept', () => {
  it('has the same members and contents for Python: unusual archives', async () => {
    await expectSameContents(soundArchives.map(({ filename, bytes }) => ({ filename, bytes: bytes() })))
  })

  it('has the same members and contents for Python: what is left of 12,000 archives with faults', async () => {
    const accepted: MutatedArchive[] = []
    for (const archive of fc.sample(mutatedArchives(), { numRuns: 12_000, seed: 20_261_125 })) {
      if ((await inspectedBytes(archive.bytes, archive.filename)).ok) accepted.push(archive)
    }
    expect(accepted.length).toBeGreaterThan(500)
    await expectSameContents(accepted)
  }, 120_000)

  it.each(['uv', 'pipNew'] as const)(
    'can be installed with %s',
    async (tool) => {
      await using folder = await temporaryFolder('installs')
      const env = hermeticPythonEnv(join(folder.path, 'home'))
      const wheels = soundArchives.filter(({ filename }) => filename.endsWith('.whl'))
      for (const [index, { filename, bytes, what }] of wheels.entries()) {
        const place = join(folder.path, String(index))
        await mkdir(place)
        await writeFile(join(place, filename), bytes())
        const install =
          tool === 'uv' ? ['pip', 'install', '--offline', '--python', '/usr/bin/python3'] : ['install', '--no-index']
        const argv = [
          ...useTool(tool),
          ...install,
          '--no-deps',
          '--target',
          join(place, 'there'),
          join(place, filename),
        ]
        const { code, stderr } = await run(argv, { env })
        expect(code, `${what}: ${stderr}`).toBe(0)
      }
    },
    240_000,
  )
})
