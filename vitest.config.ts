import { defineConfig } from 'vitest/config';

// `unit` needs nothing but this checkout; `api` runs against a real API server, `e2e` inside the local cluster.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'charts/**/*.test.ts', 'manifests/**/*.test.ts'], exclude: ['**/*.api.test.ts'] } },
      { test: { name: 'api', include: ['crds/**/*.test.ts', 'src/**/*.api.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
