import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Two minutes alone: left for the end it would be waited for by itself. By size, which vitest goes by, it is a small one. */
const longest = '/test/e2e/large-uploads.test.ts'

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => Number(b.moduleId.endsWith(longest)) - Number(a.moduleId.endsWith(longest)))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Beside another file and on a machine of somebody else; what hangs is still found.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/end-with-runner.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
})
