import { closeExercisedRecord, openExercisedRecord } from './exercised.ts'
import { missingTools, toolLabel, toolNames } from './tools.ts'

/**
 * Says at the end of every run which real clients and servers took part in it, and which could not be had. Where `CI` is set a
 * missing one fails the run: a test that nobody could run proves nothing.
 */
export default function setup(): () => void {
  openExercisedRecord()
  return () => {
    const took = closeExercisedRecord()
    const missing = missingTools()
    const idle = toolNames()
      .filter((name) => missing.every((one) => one.name !== name))
      .map((name) => toolLabel(name))
      .filter((label) => !took.includes(label))
    process.stdout.write(
      summary(
        took,
        idle,
        missing.map((one) => one.sentence),
      ),
    )
    if (process.env['CI'] && missing.length > 0) {
      process.stdout.write('CI needs every real client and server: this run has failed.\n')
      // vitest prints an error that a teardown throws, and ends with 0 all the same.
      process.exitCode = 1
    }
  }
}

function summary(took: readonly string[], idle: readonly string[], missing: readonly string[]): string {
  const lines = [
    took.length > 0 ? `Exercised for real: ${took.join(', ')}.` : 'No real client or server took part in this run.',
    ...(took.length > 0 && idle.length > 0 ? [`At hand but not needed by these tests: ${idle.join(', ')}.`] : []),
    ...missing.map((sentence) => `Could not be had: ${sentence}`),
  ]
  return `\n${lines.join('\n')}\n`
}
