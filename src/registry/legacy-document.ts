import { parseWheelFilename } from '../packaging/filenames.ts'
import type { LegacyInfo } from './legacy-info.ts'
import type { FileRecord } from './model.ts'

/** A file of PyPI's JSON, with where it can be fetched. */
export interface PlacedFile {
  readonly record: FileRecord
  readonly url: string
  /** Why it was yanked, if it was; empty where nobody said. */
  readonly yankedReason: string | undefined
}

/**
 * PyPI's `/pypi/<project>/json` and, without `releases`, `/pypi/<project>/<version>/json`. `serial` grows with each change of the
 * project.
 */
export function legacyDocument(
  info: LegacyInfo,
  files: readonly PlacedFile[],
  serial: number,
  releases?: ReadonlyMap<string, readonly PlacedFile[]>,
) {
  const all = releases === undefined ? [] : [...releases].map(([version, placed]) => [version, placed.map(legacyFile)])
  return {
    info,
    last_serial: serial,
    ...(releases === undefined ? {} : { releases: Object.fromEntries(all) as Record<string, LegacyFile[]> }),
    urls: files.map(legacyFile),
    vulnerabilities: [],
  }
}

type LegacyFile = ReturnType<typeof legacyFile>

/** Digests that were never taken are left out: PyPI has them all, but only sha256 is sure to be here. */
function legacyFile({ record, url, yankedReason }: PlacedFile) {
  return {
    comment_text: null,
    digests: { sha256: record.sha256, ...(record.blake2b === undefined ? {} : { blake2b_256: record.blake2b }) },
    downloads: -1,
    filename: record.filename,
    has_sig: false,
    packagetype: record.filetype,
    python_version: pythonVersion(record),
    requires_python: record.requiresPython ?? null,
    size: record.size,
    upload_time: record.uploadedAt.replace(/(?:\.\d+)?Z$/, ''),
    upload_time_iso_8601: record.uploadedAt,
    url,
    yanked: yankedReason !== undefined,
    yanked_reason: yankedReason === undefined || yankedReason === '' ? null : yankedReason,
  }
}

function pythonVersion({ filename, filetype }: FileRecord): string {
  const named = filetype === 'bdist_wheel' ? parseWheelFilename(filename) : undefined
  return named?.ok === true ? named.tags.python.join('.') : 'source'
}
