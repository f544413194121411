// Prints how much each entry adds to an app, minified and compressed, and fails if one is over its limit.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ENTRIES = [
  { name: '.', code: "export * from './dist/esm/index.js'", limit: 6.85 * 1024 },
  { name: '. (tokens alone)', code: "export { createLiveTokens } from './dist/esm/index.js'", limit: 1.96 * 1024 },
  { name: './react', code: "export * from './dist/esm/react.js'", limit: 5.45 * 1024 },
  { name: './web-audio', code: "export * from './dist/esm/web-audio.js'", limit: 1.2 * 1024 },
];

for (const { name, code, limit } of ENTRIES) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: '.' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    external: ['react'],
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  console.log(`${name.padEnd(18)} ${String(bytes).padStart(5)} of ${Math.floor(limit)} bytes`);
  if (bytes > limit) process.exitCode = 1;
}
