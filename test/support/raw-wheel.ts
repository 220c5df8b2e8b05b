import { createHash } from 'node:crypto'
import type { RawMember } from './raw-zip.ts'

export interface RawWheel {
  /** Content by path, besides `.dist-info`. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** Content by name in `.dist-info`; `undefined` leaves the file out. */
  readonly info?: Readonly<Record<string, string | Buffer | undefined>>
  readonly folder?: string
  /** Changes the lines of RECORD, the last of which is its own. */
  readonly record?: (lines: readonly string[]) => readonly string[]
}

export const rawWheelFilename = 'app-1.0-py3-none-any.whl'

/** The members of the sound wheel `app` 1.0, but for what is overridden. Their RECORD is right. */
export function wheelMembers(wheel: RawWheel = {}): readonly RawMember[] {
  const folder = wheel.folder ?? 'app-1.0.dist-info'
  const info: Record<string, string | Buffer | undefined> = {
    METADATA: 'Metadata-Version: 2.1\nName: app\nVersion: 1.0\n\nAn app.\n',
    WHEEL: 'Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    ...wheel.info,
  }
  const described = Object.entries(info).flatMap(([name, content]) =>
    content === undefined || name === 'RECORD' ? [] : [{ name: `${folder}/${name}`, content }],
  )
  const files = Object.entries(
    wheel.files ?? { 'app/__init__.py': '"""An app."""\n', 'app/data.txt': 'data\n'.repeat(50) },
  )
  const members = [...files.map(([name, content]) => ({ name, content })), ...described]
  if ('RECORD' in info && info['RECORD'] === undefined) return members
  const lines = [...members.filter(({ name }) => !name.endsWith('/')).map(recordLine), `${folder}/RECORD,,`]
  const record = info['RECORD'] ?? `${(wheel.record?.(lines) ?? lines).join('\n')}\n`
  return [...members, { name: `${folder}/RECORD`, content: record }]
}

export function recordLine({ name, content }: { readonly name: string; readonly content: string | Buffer }): string {
  const digest = createHash('sha256').update(content).digest('base64url')
  const path = /[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
  return `${path},sha256=${digest},${Buffer.byteLength(content)}`
}
