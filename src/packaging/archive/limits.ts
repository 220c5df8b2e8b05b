/**
 * What an archive may cost us and those who install it. Bombs are bounded by the total, not by the member: a harmless file
 * of zeros packs a thousand to one, an archive of nothing else does not occur.
 */
export const archiveLimits = {
  /** The largest real wheels have some 30,000. */
  members: 100_000,
  /** Unpacked, all members together. */
  inflatedBytes: 16 * 1024 ** 3,
  /** Unpacked to packed, as PyPI has it, and only beyond as many bytes unpacked. */
  ratio: 50,
  ratioAppliesAbove: 64 * 1024 ** 2,
  /** The central directory of a ZIP, which is held in memory. */
  directoryBytes: 32 * 1024 ** 2,
  /** RECORD, which is held in memory: a line for each of many members. */
  recordBytes: 16 * 1024 ** 2,
  /** WHEEL; the largest real ones have a line for each of some twenty tags. */
  wheelFileBytes: 64 * 1024,
  entryPointsBytes: 1024 ** 2,
  /** PAX and GNU headers of one member. */
  tarHeaderBytes: 1024 ** 2,
  /** pigz writes one member, bgzip one for every 64 KiB. */
  gzipMembers: 10_000,
  gzipHeaderBytes: 64 * 1024,
  /** Bytes of a path; Linux refuses to unpack longer ones. */
  nameBytes: 4096,
  /** Bytes of one part of a path. */
  namePartBytes: 255,
} as const
