import { type CoreMetadata, maxMetadataBytes, parseCoreMetadata } from './core-metadata.ts'
import type { WheelName } from './filenames.ts'
import { parseHeaderLines } from './header-lines.ts'
import { parseProjectName } from './names.ts'
import { type Problem, problem, type RandomAccess } from './random-access.ts'
import { parseVersion } from './versions.ts'
import { readZipDirectory, readZipEntry, type ZipEntry } from './zip.ts'

export type WheelContent =
  | { readonly ok: true; readonly metadata: CoreMetadata; readonly metadataBytes: Uint8Array }
  | Problem

/** Opens a wheel (PEP 427): its one `.dist-info` folder must be that of the filename and hold METADATA, WHEEL and RECORD. */
export function inspectWheel(file: RandomAccess, named: WheelName, filename: string): WheelContent {
  const directory = readZipDirectory(file)
  if (!directory.ok)
    return problem(`${filename} is no valid wheel: ${directory.problem}. Build it again and upload that.`)
  const folder = distInfoFolder(directory.entries, named)
  if (typeof folder !== 'string') return problem(`${filename} is no valid wheel: ${folder.problem}.`)
  const bytes = new Map<string, Uint8Array>()
  for (const name of ['METADATA', 'WHEEL', 'RECORD']) {
    const found = readMember(file, directory.entries, `${folder}/${name}`)
    if (!found.ok) return problem(`${filename} is no valid wheel: ${found.problem}. Build it again and upload that.`)
    bytes.set(name, found.bytes)
  }
  const format = wheelVersion(bytes.get('WHEEL'))
  if (format !== '1')
    return problem(`${filename} has the wheel format "${format}", but installers know major version 1 only.`)
  const metadataBytes = bytes.get('METADATA') ?? new Uint8Array()
  const parsed = parseCoreMetadata(metadataBytes, `The METADATA inside ${filename}`)
  return parsed.ok ? { ok: true, metadata: parsed.metadata, metadataBytes } : parsed
}

function distInfoFolder(entries: readonly ZipEntry[], { project, version }: WheelName): string | Problem {
  const folders = new Set(entries.flatMap(({ name }) => /^([^/]+\.dist-info)\//.exec(name)?.[1] ?? []))
  const [folder] = folders
  if (folder === undefined) return problem('it has no .dist-info folder')
  if (folders.size > 1) return problem(`it has several .dist-info folders: ${[...folders].join(', ')}`)
  const [, name = '', text = ''] = /^(.+)-([^-]+)\.dist-info$/.exec(folder) ?? []
  if (parseProjectName(name) === project && parseVersion(text.replace(/_/g, '-'))?.key === version.key) return folder
  return problem(`its folder ${folder} is not that of its filename`)
}

function readMember(file: RandomAccess, entries: readonly ZipEntry[], name: string) {
  const found = entries.filter((entry) => entry.name === name)
  const [entry] = found
  if (entry === undefined) return problem(`${name} is missing in it`)
  if (found.length > 1) return problem(`${name} is in it twice`)
  return readZipEntry(file, entry, maxMetadataBytes)
}

function wheelVersion(bytes: Uint8Array | undefined): string {
  const headers = parseHeaderLines(new TextDecoder().decode(bytes))
  return headers.get('wheel-version')?.[0]?.split('.')[0] ?? ''
}
