/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}

/** The value below which the given part (0 to 1) of all lie. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** Of pairs measured one after another: a machine that slows down for a while slows down both. */
export function medianRatio(pairs: readonly (readonly [number, number])[]): number {
  return median(pairs.map(([a, b]) => a / b))
}

/** `1.53k`, `12.4`, `0.034`: three digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value >= 10_000) return `${(value / 1000).toPrecision(3)}k`
  return value >= 1000 ? `${(value / 1000).toFixed(2)}k` : value.toPrecision(3)
}
