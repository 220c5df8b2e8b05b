/** One thing that is not as it should be. The id is stable: programs and runbooks test it. */
export interface Finding {
  readonly id: FindingId
  /** Of the object in the store. */
  readonly key: string
  /** What is wrong with it in particular. */
  readonly detail?: string
}

interface Explanation {
  readonly means: string
  readonly todo: string
}

const uploadAgain = 'Restore the object from a backup of the store, or delete the release and upload a new version.'
const byRepair = 'Run «wheelhouse fsck --repair».'

export const explanations = {
  'file-missing': { means: 'A project lists a file whose bytes are gone.', todo: uploadAgain },
  'file-damaged': { means: 'The bytes of a file are not those that were accepted.', todo: uploadAgain },
  'metadata-missing': { means: 'Installers are told of metadata that is gone.', todo: byRepair },
  'metadata-damaged': { means: 'The metadata beside a wheel is not what was accepted.', todo: byRepair },
  'provenance-damaged': {
    means: 'The attestations of a file are gone, or are not what was accepted.',
    todo: 'Restore the object from a backup of the store. Installs go on without.',
  },
  'file-orphan': {
    means: 'Bytes that no project lists, older than a day: an upload that was cut off.',
    todo:
      'The running server or «wheelhouse sweep --delete» removes them; those of a repaired project are left to you, ' +
      'for as long as it stands below upkeep/before-repair/.',
  },
  'object-unknown': {
    means: 'Nothing of Wheelhouse has such a key.',
    todo: 'Find out who wrote it; a bucket is best shared by prefixes (S3_PREFIX).',
  },
  'head-missing': { means: 'There is proof that a project was here, and its head is gone.', todo: byRepair },
  'head-corrupt': {
    means: "A project's head cannot be read, and nothing of the project is served.",
    todo: byRepair,
  },
  'segment-missing': {
    means: 'A project counts a segment that is gone, and nothing of the project is served.',
    todo: byRepair,
  },
  'segment-corrupt': {
    means: 'A segment cannot be read, and nothing of the project is served.',
    todo: byRepair,
  },
  'segment-unexpected': {
    means: 'A segment that the head does not count: the head is older than it was, or not whole.',
    todo: 'Was the head restored from a backup? Restore it from the newest one.',
  },
  'record-missing': {
    means: 'The audit or a channel proves that a file was accepted, and its project does not list it.',
    todo: byRepair,
  },
  'record-doubled': {
    means: 'Two records of a project have one filename.',
    todo: 'Keep the store as it is and report this: it is a mistake of Wheelhouse.',
  },
  'amendment-dangling': {
    means: 'A yank or a deletion speaks of a file that the project does not have.',
    todo: 'Harmless; was the head edited by hand?',
  },
  'catalog-name-missing': { means: 'A project is not named in /simple/.', todo: byRepair },
  'channel-file-gone': {
    means: 'A channel points at a file that its project does not list.',
    todo: 'Promote another release, or restore the file: POST /projects/<project>/<version>/restore.',
  },
  'lock-file-gone': {
    means: 'A lock pins a file of ours that its project does not list, so that new nodes cannot install it.',
    todo: 'Restore the file, or promote a release that has its own lock.',
  },
  'deploy-dangling': {
    means: 'A service names a deploy whose request is gone: it cannot be carried out.',
    todo: 'Restore the object from a backup, or promote again.',
  },
  'document-corrupt': {
    means: 'A document cannot be read.',
    todo: 'Restore it from a backup (the version before, where the bucket keeps versions).',
  },
} as const satisfies Record<string, Explanation>

export type FindingId = keyof typeof explanations

export function keyOfFinding({ id, key, detail }: Finding): string {
  return `${id} ${key} ${detail ?? ''}`
}
