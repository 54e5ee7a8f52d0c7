import { defineConfig } from 'vitest/config';

// The tests run as built: what is tested is what ships.
export default defineConfig({
  test: {
    include: ['dist/test/**/*.test.js'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Node's own modules: in Vitest's, each use of an imported name is a getter, which nearly doubles what hot loops cost.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // One file at a time: the clocks of hosts in namespaces run in milliseconds. `npm test` runs the other tests beside them.
    fileParallelism: false,
  },
});
