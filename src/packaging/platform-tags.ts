/** What PyPI takes for a platform (PEP 425, 600, 656, 730, 738, 783), and what Pyodide calls itself. */
const portable =
  /^(?:any|win32|win_(?:amd64|arm32|arm64|ia64)|manylinux(?:1|2010|2014|_\d+_\d+)_\w+|musllinux_\d+_\d+_\w+|linux_armv[67]l|macosx_\d+_\d+_\w+|ios_\d+_\d+_\w+|android_\d+_\w+|(?:(?:py)?emscripten|pyodide)_\w+|wasi_\w+)$/

/** What a build machine calls itself: it promises nothing of any other machine, but a team knows its machines. */
const local = /^(?:linux|freebsd|openbsd|netbsd|dragonfly|solaris|sunos|aix|hpux|haiku|cygwin|mingw|msys)_\w+$/

export type PlatformTagKind = 'portable' | 'local' | 'unknown'

export function kindOfPlatformTag(tag: string): PlatformTagKind {
  if (portable.test(tag)) return 'portable'
  return local.test(tag) ? 'local' : 'unknown'
}
