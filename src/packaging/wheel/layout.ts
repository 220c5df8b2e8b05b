import type { WheelName } from '../filenames.ts'
import { parseProjectName } from '../names.ts'
import { refusing, shown } from '../refusals.ts'
import { parseVersion } from '../versions.ts'
import { entryPointRefusals, wheelRefusals } from './refusals.ts'

const refuse = refusing({ ...wheelRefusals, ...entryPointRefusals })
const schemes = ['purelib', 'platlib', 'headers', 'scripts', 'data']

/** The one `.dist-info` folder of a wheel, after the filename; whatever is in `.data` must be of this release as well. */
export function checkLayout(names: readonly string[], named: WheelName): string {
  const tops = [...new Set(names.flatMap((name) => (name.includes('/') ? [name.slice(0, name.indexOf('/'))] : [])))]
  const infos = tops.filter((top) => top.endsWith('.dist-info'))
  const [folder] = infos
  if (folder === undefined) throw refuse('wheel-no-dist-info', 'it has no .dist-info folder')
  if (infos.length > 1)
    throw refuse(
      'wheel-several-dist-info',
      `it has several .dist-info folders: ${infos.slice(0, 3).map(shown).join(', ')}`,
    )
  if (!isOf(named, folder, '.dist-info'))
    throw refuse('wheel-dist-info-differs', `its folder ${shown(folder)} is not that of its filename`)
  // pip takes every top folder that ends so for a data folder.
  for (const top of tops.filter((name) => name.endsWith('.data'))) {
    if (!isDataOf(named, top))
      throw refuse('wheel-data-folder-differs', `its folder ${shown(top)} is not that of its filename`)
    for (const name of names) if (name.startsWith(`${top}/`)) checkDataFile(name, name.slice(top.length + 1))
  }
  return folder
}

/** By meaning: old tools spell names as the project does, not in the normal form. */
function isOf({ project, version }: WheelName, folder: string, suffix: string): boolean {
  const [, name = '', text = ''] = /^(.+)-([^-]+)$/.exec(folder.slice(0, -suffix.length)) ?? []
  return parseProjectName(name) === project && parseVersion(text.replace(/_/g, '-'))?.key === version.key
}

/** setuptools and wheel put the build number of the filename in here as well, though not into `.dist-info`. */
function isDataOf(named: WheelName, folder: string): boolean {
  const build = `-${named.build}.data`
  return (
    isOf(named, folder, '.data') || (named.build !== undefined && folder.endsWith(build) && isOf(named, folder, build))
  )
}

function checkDataFile(name: string, path: string): void {
  if (path === '') return
  const [scheme = '', ...rest] = path.split('/')
  if (rest.length === 0 || !schemes.includes(scheme))
    throw refuse('wheel-data-scheme-unknown', `${shown(name)} in it is in no folder that installers know`)
  const isScript = scheme === 'scripts' && rest.join('') !== ''
  if (isScript && (rest.length > 1 || !/^[^\s:*?"<>|]+$/.test(rest[0] ?? '')))
    throw refuse('wheel-script-name', `${shown(name)} in it is no name of a program`)
}
