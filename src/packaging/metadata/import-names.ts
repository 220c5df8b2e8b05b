import type { CoreMetadata } from '../core-metadata.ts'
import { refusing, shown } from '../refusals.ts'
import { metadataRefusals } from './refusals.ts'

const refuse = refusing(metadataRefusals)

const keywords =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'

/** PEP 794: a dotted name, and whether it is private. An empty Import-Name says that there is nothing to import. */
export function checkImportNames({ importNames, importNamespaces }: CoreMetadata): void {
  for (const [field, names] of Object.entries({ 'Import-Name': importNames, 'Import-Namespace': importNamespaces })) {
    const wrong = names.find((name) => !isImportName(name))
    if (wrong !== undefined) throw refuse('metadata-import-name-invalid', `its ${field} is ${shown(wrong)}`)
  }
}

function isImportName(text: string): boolean {
  const [name = '', ...rest] = text.split(';')
  const isPlain = rest.length === 0 || rest.join(';').trimStart() === 'private'
  return isPlain && name.trimEnd().split('.').every(isIdentifier)
}

function isIdentifier(word: string): boolean {
  return /^[\p{XIDS}_]\p{XIDC}*$/u.test(word) && !keywords.split(' ').includes(word)
}
