import { createHash } from 'node:crypto'
import { readTarGz } from '../../src/packaging/tar/archive.ts'
import { readZip } from '../../src/packaging/zip/archive.ts'
import { readContent } from '../../src/packaging/zip/content.ts'
import { bytesAccess } from './inspected-bytes.ts'

/** Members by name, as our readers find them: the digest of a file, or what else it is. */
export async function archiveContents(bytes: Uint8Array, filename: string): Promise<Readonly<Record<string, string>>> {
  const file = bytesAccess(bytes)
  const contents: Record<string, string> = {}
  if (filename.endsWith('.tar.gz')) {
    const hashes = new Map<string, ReturnType<typeof createHash>>()
    const members = await readTarGz(file, ({ name, kind }) => {
      const hash = createHash('sha256')
      if (kind === 'file') hashes.set(name, hash)
      return (chunk) => void hash.update(chunk)
    })
    for (const { name, kind } of members) contents[name.replace(/\/$/, '')] = hashes.get(name)?.digest('hex') ?? kind
    return contents
  }
  for (const member of readZip(file)) {
    const hash = createHash('sha256')
    await readContent(file, member, (chunk) => void hash.update(chunk))
    contents[member.name] = hash.digest('hex')
  }
  return contents
}
