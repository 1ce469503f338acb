import { defineConfig } from 'vitest/config';

/** Node hands out a CommonJS package as it is; vitest would unwrap its `default`, and @dot-i/k8s-operator would differ from what runs. */
const deps = { interopDefault: false };

// `unit` and `sim` (the deterministic simulation's own tests) need nothing but this checkout; `api` runs against a real API server, `e2e`, `served`, `argocd`, `kueue` and `faults` inside the local cluster.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', deps, include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'charts/**/*.test.ts', 'manifests/**/*.test.ts', 'e2e/bench/**/*.test.ts'], exclude: ['**/*.api.test.ts'] } },
      { test: { name: 'sim', deps, include: ['e2e/sim/**/*.test.ts'], testTimeout: 600_000 } },
      { test: { name: 'api', deps, include: ['crds/**/*.test.ts', 'src/**/*.api.test.ts', 'charts/**/*.api.test.ts', 'manifests/**/*.api.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'e2e',
          include: ['e2e/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      { test: { name: 'served', deps, include: ['e2e/served/*.test.ts'], testTimeout: 1_200_000, hookTimeout: 1_200_000, fileParallelism: false } },
      { test: { name: 'argocd', deps, include: ['e2e/argocd/*.test.ts'], testTimeout: 1_200_000, hookTimeout: 1_200_000 } },
      { test: { name: 'kueue', deps, include: ['e2e/kueue/*.test.ts'], testTimeout: 1_200_000, hookTimeout: 1_200_000 } },
      { test: { name: 'faults', deps, include: ['e2e/faults/*.test.ts'], testTimeout: 1_200_000, hookTimeout: 1_200_000 } },
    ],
  },
});
