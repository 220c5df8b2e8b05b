import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { openSpool } from '../../src/registry/staging/spool.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const later = () => Date.now() + 3_600_000

it('clears what a dead process was collecting, and leaves alone what a living one is', async () => {
  await using home = await temporaryFolder('spool')
  await using living = await openSpool(home.path, later())
  const dead = join(home.path, 'uploads-dead')
  mkdirSync(dead)
  writeFileSync(join(dead, 'half-an-upload'), 'x')
  await using mine = await openSpool(home.path, later())
  expect(readdirSync(home.path).sort()).toEqual([basename(living.folder), basename(mine.folder)].sort())
})

it('leaves alone a folder that was made just now: its process may be about to answer for it', async () => {
  await using home = await temporaryFolder('spool')
  mkdirSync(join(home.path, 'uploads-starting'))
  await using mine = await openSpool(home.path, Date.now())
  expect(readdirSync(home.path).sort()).toEqual(['uploads-starting', basename(mine.folder)].sort())
})

it('leaves nothing behind when it is closed', async () => {
  await using home = await temporaryFolder('spool')
  await (await openSpool(home.path, later()))[Symbol.asyncDispose]()
  expect(readdirSync(home.path)).toEqual([])
})
