import type { Comparison, Marker, MarkerValue } from './markers.ts'
import { parseProjectName } from './names.ts'
import { contains, parseSpecifier } from './specifiers.ts'

/** Values of the markers' variables, such as `python_version`; `extra` is the extra that is asked for, if any. */
export type MarkerEnvironment = Readonly<Record<string, string>>

/** Only these compare as versions, in the newest edition of the specification. */
const versionVariables = ['implementation_version', 'platform_release', 'python_full_version', 'python_version']

/** `undefined` where it compares what cannot be compared, or a variable that the environment lacks. */
export function evaluateMarker(marker: Marker, environment: MarkerEnvironment): boolean | undefined {
  const extra = environment['extra'] ?? ''
  return evaluate(marker, { ...environment, extra: parseProjectName(extra) ?? extra })
}

function evaluate(marker: Marker, environment: MarkerEnvironment): boolean | undefined {
  const results = marker.operands.map((operand) =>
    'operands' in operand ? evaluate(operand, environment) : compare(operand, environment),
  )
  const groups: boolean[] = []
  for (const [at, result] of results.entries()) {
    if (result === undefined) return undefined
    if (at === 0 || marker.joins[at - 1] === 'or') groups.push(result)
    else groups.push((groups.pop() ?? true) && result)
  }
  return groups.some(Boolean)
}

function compare({ left, operator, right }: Comparison, environment: MarkerEnvironment): boolean | undefined {
  // As the reference has it, which looks the right side up where the left one is no variable, whatever the right one is.
  const key = left.kind === 'variable' ? left.name : nameOf(right)
  const looked = environment[key]
  if (looked === undefined) return undefined
  const [a, b] = left.kind === 'variable' ? [looked, nameOf(right)] : [left.text, looked]
  const specifier = versionVariables.includes(key) ? parseSpecifier(`${operator}${b}`) : undefined
  return specifier === undefined ? compareText(a, operator, b) : contains([specifier], a, true)
}

function compareText(a: string, operator: string, b: string): boolean | undefined {
  switch (operator) {
    case 'in':
      return b.includes(a)
    case 'not in':
      return !b.includes(a)
    case '==':
    case '<=':
    case '>=':
      return a === b
    case '!=':
      return a !== b
    case '<':
    case '>':
      return false
    default:
      return undefined
  }
}

function nameOf(value: MarkerValue): string {
  return value.kind === 'variable' ? value.name : value.text
}
