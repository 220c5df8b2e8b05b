import type { Chapter } from './narrator.ts'

/** How long each chapter took, and all of them. */
export function summary(chapters: readonly Chapter[]): string {
  const total = chapters.reduce((sum, { seconds }) => sum + seconds, 0)
  const rows = chapters.map(({ title, seconds }, at) => `${seconds.toFixed(1).padStart(7)} s  ${at + 1}. ${title}`)
  return ['It took', ...rows, `${total.toFixed(1).padStart(7)} s  in all`].join('\n')
}
