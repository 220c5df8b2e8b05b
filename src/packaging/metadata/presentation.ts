import type { CoreMetadata } from '../core-metadata.ts'
import { refusing, shown } from '../refusals.ts'
import { addressesIn } from './addresses.ts'
import { metadataRefusals } from './refusals.ts'

const refuse = refusing(metadataRefusals)

/** Of trove (PEP 301), unchanged since 2018, and "Private", which PyPI promises never to have. */
const categories = [
  ...['Development Status', 'Environment', 'Framework', 'Intended Audience', 'License', 'Natural Language'],
  ...['Operating System', 'Programming Language', 'Topic', 'Typing', 'Private'],
]

export function checkSummary({ summary = '' }: CoreMetadata): void {
  const lines = summary.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).length
  if (lines > 1) throw refuse('metadata-summary-invalid', `its Summary has ${lines} lines: ${shown(summary)}`)
  const length = [...summary].length
  if (length > 512) throw refuse('metadata-summary-invalid', `its Summary has ${length} characters`)
}

/** Unknown classifiers of a known category may simply be newer than this server. */
export function checkClassifiers({ classifiers }: CoreMetadata): void {
  const wrong = classifiers.find((classifier) => !categories.includes(classifier.split(' ::')[0] ?? ''))
  if (wrong !== undefined) throw refuse('metadata-classifier-unknown', `its Classifier is ${shown(wrong)}`)
}

export function checkEmails({ authorEmail = '', maintainerEmail = '' }: CoreMetadata): void {
  for (const [field, list] of Object.entries({ 'Author-email': authorEmail, 'Maintainer-email': maintainerEmail })) {
    const wrong = addressesIn(list).find((address) => !/^[^\s@<>]+@[^\s@<>]+$/.test(address))
    if (wrong !== undefined) throw refuse('metadata-author-email-invalid', `its ${field} has ${shown(wrong)}`)
  }
}

export function checkUrls({ homePage, downloadUrl, projectUrls }: CoreMetadata): void {
  for (const [field, url] of Object.entries({ 'Download-URL': downloadUrl, 'Home-page': homePage })) {
    if (url !== undefined && !isWebUrl(url)) throw refuse('metadata-url-invalid', `its ${field} is ${shown(url)}`)
  }
  for (const text of projectUrls) {
    const { label, url } = projectUrl(text)
    if (label === '' || label.length > 32)
      throw refuse('metadata-url-label-invalid', `its Project-URL ${shown(text)} has the label ${shown(label)}`)
    if (!isWebUrl(url)) throw refuse('metadata-url-invalid', `its Project-URL ${shown(label)} leads to ${shown(url)}`)
  }
}

/** "Label, URL": the label has no comma. */
export function projectUrl(text: string): { readonly label: string; readonly url: string } {
  const comma = text.indexOf(',')
  return comma === -1
    ? { label: text.trim(), url: '' }
    : { label: text.slice(0, comma).trim(), url: text.slice(comma + 1).trim() }
}

/** RFC 2045 5.1, and of it what the specification of the field allows. */
export function checkContentType({ descriptionContentType: text }: CoreMetadata): void {
  if (text === undefined) return
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  const isMarkdown = type.toLowerCase() === 'text/markdown'
  const isKnown = isMarkdown || ['text/plain', 'text/x-rst'].includes(type.toLowerCase())
  const isFine = (parameter: string) => {
    const [, name = '', value = ''] = /^([\w-]+)\s*=\s*"?([^"]*)"?$/.exec(parameter) ?? []
    if (name.toLowerCase() === 'charset') return value.toLowerCase() === 'utf-8'
    if (name.toLowerCase() === 'variant') return !isMarkdown || ['GFM', 'CommonMark'].includes(value)
    return parameter === '' || name !== ''
  }
  if (isKnown && parameters.every(isFine)) return
  throw refuse('metadata-content-type-invalid', `its Description-Content-Type is ${shown(text)}`)
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text)
}
