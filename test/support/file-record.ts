import type { FileRecord } from '../../src/registry/model.ts'

/** The wheel of app 1.n. */
export function aRecord(n: number, changes: Partial<FileRecord> = {}): FileRecord {
  return {
    filename: `app-1.${n}-py3-none-any.whl`,
    version: `1.${n}`,
    filetype: 'bdist_wheel',
    size: 10,
    sha256: n.toString(16).padStart(64, '0'),
    uploadedAt: '2026-01-02T03:04:05.678Z',
    uploadedBy: 'ci',
    ...changes,
  }
}
