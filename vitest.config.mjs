import { defineConfig } from 'vitest/config';

// The tests run as built: what is tested is what ships.
export default defineConfig({
  test: {
    include: ['dist/test/**/*.test.js'],
    // Only what hangs needs more: what a test waits for has limits of its own, which name it, and a busy machine is slow.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Node's own modules: in Vitest's, each use of an imported name is a getter, which nearly doubles what hot loops cost.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // One file at a time: the clocks of hosts in namespaces run in milliseconds. `npm test` runs the other tests beside them.
    fileParallelism: false,
  },
});
