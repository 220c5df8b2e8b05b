import type { ListedFile } from './amendments.ts'
import type { FileRecord, ProjectHead, ProjectStatus } from './model.ts'

/** What a project page shows (PEP 503, 691, 700, 714, 792), before it is HTML or JSON. */
export interface ProjectPage {
  readonly project: string
  readonly status: ProjectStatus
  readonly statusReason?: string | undefined
  /** Distinct versions in PEP 440 order (PEP 700). */
  readonly versions: readonly string[]
  readonly files: readonly ListedFile[]
  /** From the page's URL to the root of the site, as clients resolve relative links: "../../". */
  readonly toRoot: string
  /** URL of the site as clients reach it: provenance must be named by a whole URL (PEP 740). */
  readonly site: string
}

/**
 * The JSON form. `core-metadata` is the only key for metadata: pip 22.3 to 23.1 crash on `dist-info-metadata`
 * whatever its value (PEP 714). A file that was yanked without a reason says `true`: pip reads an empty one as not yanked.
 */
export function jsonPage(page: ProjectPage): string {
  return JSON.stringify({
    meta: { 'api-version': '1.4' },
    name: page.project,
    'project-status': { status: page.status, ...(page.statusReason ? { reason: page.statusReason } : {}) },
    versions: page.versions,
    files: page.files.map((file) => ({
      filename: file.filename,
      url: urlOf(page, file),
      hashes: { sha256: file.sha256 },
      size: file.size,
      'upload-time': file.uploadedAt,
      ...(file.requiresPython === undefined ? {} : { 'requires-python': file.requiresPython }),
      'core-metadata': file.metadataSha256 === undefined ? false : { sha256: file.metadataSha256 },
      ...(file.provenanceSha256 === undefined ? {} : { provenance: provenanceUrl(page, file) }),
      yanked: file.yanked === undefined ? false : file.yanked.reason || true,
    })),
  })
}

/** The HTML form. In HTML both metadata attributes are safe, and pip before 23.2 knows only the older one. */
export function htmlPage(page: ProjectPage): string {
  const links = page.files.map((file) => {
    const metadata = file.metadataSha256 === undefined ? undefined : `sha256=${file.metadataSha256}`
    const attributes = [
      ['href', `${urlOf(page, file)}#sha256=${file.sha256}`],
      ['data-requires-python', file.requiresPython],
      ['data-core-metadata', metadata],
      ['data-dist-info-metadata', metadata],
      ['data-yanked', file.yanked?.reason],
      ['data-provenance', file.provenanceSha256 && provenanceUrl(page, file)],
    ]
    const given = attributes.flatMap(([name, value]) => (value === undefined ? [] : `${name}="${escapeHtml(value)}"`))
    return `<a ${given.join(' ')}>${escapeHtml(file.filename)}</a><br>`
  })
  const reason = page.statusReason ? [['reason', page.statusReason]] : []
  const metas = [['', page.status], ...reason].map(
    ([suffix, content = '']) =>
      `<meta name="pypi:project-status${suffix && `-${suffix}`}" content="${escapeHtml(content)}">`,
  )
  return htmlDocument(`Links for ${page.project}`, links, metas.join(''))
}

/** What every page of a project shows of its head: status and reason, and of a quarantined one no file (PEP 792). */
export function shownOf(
  head: ProjectHead,
  shown: Pick<ProjectPage, 'files' | 'versions'>,
): Pick<ProjectPage, 'project' | 'status' | 'statusReason' | 'files' | 'versions'> {
  const { project, status, statusMark } = head
  const content = status === 'quarantined' ? { files: [], versions: [] } : shown
  return { project, status, statusReason: statusMark?.reason, ...content }
}

export function jsonIndex(projects: readonly string[]): string {
  return JSON.stringify({ meta: { 'api-version': '1.4' }, projects: projects.map((name) => ({ name })) })
}

export function htmlIndex(projects: readonly string[]): string {
  return htmlDocument(
    'Simple index',
    projects.map((name) => `<a href="${escapeHtml(name)}/">${escapeHtml(name)}</a><br>`),
  )
}

/** Stable and unsigned: pip caches by URL, and finds the metadata by appending «.metadata» to the path (PEP 658). */
function urlOf(page: ProjectPage, file: FileRecord): string {
  return `${page.toRoot}files/${page.project}/${file.sha256}/${encodeURIComponent(file.filename)}`
}

function provenanceUrl({ site, project }: ProjectPage, { version, filename }: FileRecord): string {
  return `${site}/integrity/${project}/${encodeURIComponent(version)}/${encodeURIComponent(filename)}/provenance`
}

function htmlDocument(title: string, lines: readonly string[], head = ''): string {
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="pypi:repository-version" content="1.4">${head}<title>${escapeHtml(title)}</title></head>`,
    '<body>',
    `<h1>${escapeHtml(title)}</h1>`,
    ...lines,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
