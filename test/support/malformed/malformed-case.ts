import { type RawWheel, rawWheelFilename, wheelMembers } from '../raw-wheel.ts'
import { type RawMember, type RawZip, rawZip } from '../raw-zip.ts'

/** A sound archive but for one fault, and the id of the reason for which it has to be refused. */
export interface MalformedCase {
  readonly fault: string
  readonly code: string
  readonly filename: string
  readonly bytes: () => Buffer
}

/** The sound wheel with another framing. */
export function framed(fault: string, code: string, zip: (members: readonly RawMember[]) => RawZip): MalformedCase {
  return { fault, code, filename: rawWheelFilename, bytes: () => rawZip(zip(wheelMembers())) }
}

/** The sound wheel with other files in a sound ZIP. */
export function wheelOf(fault: string, code: string, wheel: RawWheel): MalformedCase {
  return { fault, code, filename: rawWheelFilename, bytes: () => rawZip({ members: wheelMembers(wheel) }) }
}
