/** Waits until the condition holds; fails with a sentence when it never does. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds = 20,
  what = 'what was waited for',
): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not come about in ${seconds} s: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
