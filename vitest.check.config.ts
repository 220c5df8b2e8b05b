import { defineConfig } from 'vitest/config'

/** What `npm run check` runs of the tests: those that need no tool and no server. */
export default defineConfig({ test: { include: ['test/unit/import-law.test.ts', 'test/unit/house-rules.test.ts'] } })
