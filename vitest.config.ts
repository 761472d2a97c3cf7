// Three groups: `unit` (decisions, fast), `adapter` (one real outside system
// each) and `e2e` (the whole platform, real git and containers).
import { defineConfig } from 'vitest/config'

const adapters = ['{apps,packages,prisma,infra,test}/**/*.adapter.test.ts']
const shared = { pool: 'forks' as const }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['{apps,packages,prisma,infra,bench,test}/**/*.test.ts'],
          exclude: [...adapters, '**/node_modules/**', 'test/e2e/**', 'test/apps/**'],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'adapter',
          include: adapters,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          globalSetup: ['test/e2e/platform.ts'],
        },
      },
    ],
  },
})
