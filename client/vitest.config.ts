import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    alias: { 'react-native-audio-api': new URL('test/fake-react-native-audio-api.ts', import.meta.url).pathname },
    testTimeout: 30_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/*.test.ts', 'test/session/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'stack',
          include: ['test/stack/*.test.ts'],
          globalSetup: ['test/stack/local-stack.ts'],
          fileParallelism: false, // a scenario of the stand-in is for the next connection, whoever opens it
        },
      },
    ],
  },
});
