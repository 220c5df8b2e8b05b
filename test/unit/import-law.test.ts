import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../src', import.meta.url))

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort()
const imports = files.flatMap(importsOf)

/** Which folders a folder may import from, besides itself; files at the top count under their own name. */
const leaves = ['errors.ts', 'clock.ts', 'disposal.ts', 'log.ts', 'threads']
const features = [
  'audit',
  'observe',
  'registry',
  'channels',
  'deploy',
  'discovery',
  'identity',
  'notify',
  'queue',
  'upkeep',
]
const allowed: Readonly<Record<string, readonly string[]>> = {
  packaging: [],
  threads: [],
  objects: leaves,
  config: [...leaves, 'deploy', 'notify', 'packaging'],
  ...Object.fromEntries(features.map((feature) => [feature, [...leaves, 'packaging', 'objects', ...features]])),
  http: [...leaves, 'packaging', 'objects', 'services.ts', ...features],
  console: [...leaves, 'packaging', 'http', ...features],
  cli: [...leaves, 'packaging', 'objects', 'config', 'http', 'services.ts', 'store.ts', ...features],
  'services.ts': [...leaves, 'config', 'objects', 'store.ts', ...features],
  'store.ts': [...leaves, 'config', 'objects'],
  'main.ts': ['cli', 'config', 'errors.ts', 'log.ts'],
}

/** Besides `packaging`: decisions of a deploy, and the scripts for nodes. */
const pure = ['deploy/rollout/', 'deploy/node/', 'deploy/service-state.ts', 'deploy/fleet.ts', 'deploy/describe.ts']

/** Where an adapter is opened: the composition root and its parts, one of which loads SSH only when it is needed. */
const openers = ['services.ts', 'store.ts', 'deploy/ssh/loaded-when-needed.ts']

/** Adapters of ports: only the composition root and its parts open them. */
const adapters = [
  'objects/disk-store.ts',
  'objects/s3-store.ts',
  'objects/memory-store.ts',
  'objects/socket-store.ts',
  'queue/bullmq-queue.ts',
  'queue/redis-bus.ts',
  'queue/in-process-queue.ts',
  'queue/in-process-bus.ts',
  'deploy/ssh/ssh2-hosts.ts',
  'deploy/ssh/scan-host-key.ts',
  'discovery/fleets.ts',
  'notify/webhook.ts',
  'notify/log-notices.ts',
]

describe('the import law', () => {
  it('has an entry for every folder', () => {
    const places = [...new Set(files.map(placeOf))]
    expect(places.filter((place) => !(place in allowed) && !leaves.includes(place))).toEqual([])
  })

  it('lets every folder import only what it may', () => {
    const broken = imports.filter(({ from, to }) => {
      const [here, there] = [placeOf(from), placeOf(to)]
      return here !== there && !(allowed[here] ?? []).includes(there)
    })
    expect(broken.map(lineOf)).toEqual([])
  })

  it('lets only the composition root open adapters', () => {
    const broken = imports.filter(({ from, to }) => adapters.includes(to) && !openers.includes(from))
    expect(broken.map(lineOf)).toEqual([])
  })

  it('has no cycles', () => {
    expect(cycles()).toEqual([])
  })

  it('keeps effects out of the pure files', () => {
    const impure = files
      .filter((file) => placeOf(file) === 'packaging' || pure.some((start) => file.startsWith(start)))
      // Digests, as inflating, take bytes and give bytes.
      .map((file) => ({ file, text: read(file).replace("import { createHash } from 'node:crypto'", '') }))
      .filter(({ text }) => /from 'node:(?!zlib)|Date\.now|new Date\(\)|Math\.random/.test(text))
      .map(({ file }) => file)
    expect(impure).toEqual([])
  })

  it('makes nothing at the top level of a file: importing does nothing', () => {
    const made = files
      .filter((file) => !['main.ts', 'registry/staging/thread.ts'].includes(file))
      .filter((file) =>
        /^(?:export )?(?:const|let) \w+(?:: [^=]+)? = (?:await |new (?!Set|Map|TextDecoder))/m.test(read(file)),
      )
    expect(made).toEqual([])
  })
})

function placeOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function importsOf(from: string): Import[] {
  const text = read(from)
  const found = text.matchAll(/^(?:import|export)\s(type\s)?[^'";]*?from '(\.{1,2}\/[^']+)'/gm)
  const late = text.matchAll(/\bimport\((unused)?'(\.{1,2}\/[^']+)'\)/g)
  return [...found, ...late].map(([, type, path = '']) => ({
    from,
    to: relative(root, join(root, dirname(from), path)),
    typeOnly: type !== undefined,
  }))
}

function lineOf({ from, to }: Import): string {
  return `${from} imports ${to}`
}

function cycles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (path.includes(file) || done.has(file)) return
    for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return found
}
