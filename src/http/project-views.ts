import type { DeletedFile, ListedFile } from '../registry/amendments.ts'
import type { Project } from '../registry/projects.ts'

/** A project as `/projects/<project>` shows it, releases in PEP 440 order. */
export function projectView(project: Project, externalUrl: string) {
  const { head, deleted } = project
  const { status, statusMark = null } = head
  return {
    name: project.name,
    displayName: head.displayName,
    status,
    statusChange: statusMark,
    releases: [...project.releases].map(([version, files]) => releaseView(project, version, files, externalUrl)),
    deleted: deleted.map(deletedView),
  }
}

export function releaseView(project: Project, version: string, files: readonly ListedFile[], externalUrl: string) {
  return {
    version,
    yanked: project.head.amendments.yankedReleases[version] ?? null,
    files: files.map((file) => ({
      ...partsOf(file),
      yanked: file.yanked ?? null,
      url: `${externalUrl}/files/${project.name}/${file.sha256}/${file.filename}`,
    })),
  }
}

function deletedView(file: DeletedFile) {
  const { sha256: _same, swept = false, ...mark } = file.deleted
  return { version: file.version, ...partsOf(file), deleted: mark, restorable: !swept }
}

function partsOf({ filename, filetype, size, sha256, requiresPython, uploadedAt, uploadedBy }: ListedFile) {
  return { filename, filetype, size, sha256, requiresPython: requiresPython ?? null, uploadedAt, uploadedBy }
}
