import { parseProjectName } from './names.ts'
import { pythonString } from './python-string.ts'
import { NotReadable, readText, type TextReader } from './text-reader.ts'

/** An environment marker (dependency specifiers, "Environment markers"): comparisons joined by and / or. */
export interface Marker {
  readonly operands: readonly (Marker | Comparison)[]
  /** Between the operands: one less than they are. "and" binds tighter. */
  readonly joins: readonly ('and' | 'or')[]
}

export interface Comparison {
  readonly left: MarkerValue
  readonly operator: string
  readonly right: MarkerValue
}

export type MarkerValue =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }

/** As the reference has it: deeper ones would exhaust a stack. */
const maxDepth = 200

/** With the dotted spellings of PEP 345, and `python_implementation` of an early setuptools. */
const variablePattern =
  /\b(?:python_version|python_full_version|os[._]name|sys[._]platform|platform_(?:release|system)|platform[._](?:version|machine|python_implementation)|python_implementation|implementation_(?:name|version)|extras?|dependency_groups)\b/y

/** `undefined` where it cannot be read. */
export function parseMarker(text: string): Marker | undefined {
  try {
    const reader = readText(text)
    const marker = readMarker(reader)
    return reader.atEnd ? marker : undefined
  } catch (error) {
    if (error instanceof NotReadable) return undefined
    throw error
  }
}

/** Up to where no "and" or "or" follows. Throws `NotReadable`. */
export function readMarker(reader: TextReader, depth = 0): Marker {
  const operands = [readOperand(reader, depth)]
  const joins: ('and' | 'or')[] = []
  for (;;) {
    const join = reader.take(/\b(?:or|and)\b/y)
    if (join !== 'and' && join !== 'or') return { operands, joins }
    joins.push(join)
    operands.push(readOperand(reader, depth))
  }
}

/** In one spelling: equal for markers that say the same in the same order. The text the reference prints. */
export function markerText(marker: Marker, isInner = false): string {
  const [first] = marker.operands
  if (marker.operands.length === 1 && first !== undefined) {
    return 'operands' in first ? markerText(first, isInner) : comparisonText(first)
  }
  const texts = marker.operands.map((operand, at) => {
    const text = 'operands' in operand ? markerText(operand, true) : comparisonText(operand)
    return at === 0 ? text : `${marker.joins[at - 1]} ${text}`
  })
  return isInner ? `(${texts.join(' ')})` : texts.join(' ')
}

function readOperand(reader: TextReader, depth: number): Marker | Comparison {
  reader.skipBlanks()
  const operand = reader.take(/\(/y) === undefined ? readComparison(reader) : readGroup(reader, depth)
  reader.skipBlanks()
  return operand
}

function readGroup(reader: TextReader, depth: number): Marker {
  if (depth >= maxDepth) throw new NotReadable()
  const marker = readMarker(reader, depth + 1)
  if (reader.take(/\)/y) === undefined) throw new NotReadable()
  return marker
}

function readComparison(reader: TextReader): Comparison {
  const left = readValue(reader)
  reader.skipBlanks()
  const operator = readOperator(reader)
  reader.skipBlanks()
  return normalised(left, operator, readValue(reader))
}

function readValue(reader: TextReader): MarkerValue {
  const variable = reader.take(variablePattern)?.replace('.', '_')
  if (variable !== undefined) {
    return { kind: 'variable', name: variable.replace(/^python_implementation$/, 'platform_python_implementation') }
  }
  const quoted = reader.take(/'[^']*'|"[^"]*"/y)
  const text = quoted === undefined ? undefined : pythonString(quoted.slice(1, -1))
  if (text === undefined) throw new NotReadable()
  return { kind: 'text', text }
}

function readOperator(reader: TextReader): string {
  const operator = reader.take(/\bin\b|\bnot\b[ \t]+in\b|===|==|~=|!=|<=|>=|<|>/y)
  if (operator === undefined) throw new NotReadable()
  return operator.replace(/[ \t]+/, ' ')
}

/** Extras compare by their normal names (PEP 685). */
function normalised(left: MarkerValue, operator: string, right: MarkerValue): Comparison {
  const isOneExtra = (value: MarkerValue) => value.kind === 'variable' && value.name === 'extra'
  const isExtraSet = right.kind === 'variable' && ['extras', 'dependency_groups'].includes(right.name)
  if (isOneExtra(left) && right.kind === 'text') return { left, operator, right: extraName(right.text) }
  if ((isOneExtra(right) || isExtraSet) && left.kind === 'text') return { left: extraName(left.text), operator, right }
  return { left, operator, right }
}

function extraName(text: string): MarkerValue {
  return { kind: 'text', text: parseProjectName(text) ?? text.replace(/[-_.]+/g, '-').toLowerCase() }
}

function comparisonText({ left, operator, right }: Comparison): string {
  return `${valueText(left)} ${operator} ${valueText(right)}`
}

function valueText(value: MarkerValue): string {
  if (value.kind === 'variable') return value.name
  return value.text.includes('"') ? `'${value.text}'` : `"${value.text}"`
}
