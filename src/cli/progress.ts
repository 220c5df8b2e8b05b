/** A line that is written over and over, where a person watches; nothing in a log or a pipe. */
export interface ProgressLine {
  show(text: string): void
  end(): void
}

const everyMilliseconds = 200

export function progressLine(): ProgressLine {
  const { stderr } = process
  if (!stderr.isTTY) return { show: () => undefined, end: () => undefined }
  let last = 0
  return {
    show(text) {
      if (performance.now() - last < everyMilliseconds) return
      last = performance.now()
      stderr.write(`\r\u001b[K${text}`)
    },
    end: () => void stderr.write('\r\u001b[K'),
  }
}

export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const at = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  return at === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** at).toFixed(1)} ${units[at]}`
}

export function counted(n: number, one: string, several = `${one}s`): string {
  return `${n} ${n === 1 ? one : several}`
}
