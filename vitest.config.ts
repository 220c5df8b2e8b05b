import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/end-with-runner.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
  },
})
