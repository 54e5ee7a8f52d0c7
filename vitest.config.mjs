import { defineConfig } from 'vitest/config';

// The tests run as built: what is tested is what ships.
export default defineConfig({
  test: {
    include: ['dist/test/**/*.test.js'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One file at a time: hosts in namespaces keep time to milliseconds and want the machine for themselves.
    fileParallelism: false,
  },
});
