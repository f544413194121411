// Prints how much each entry of tables/sizes.json adds to an app, minified and compressed, and fails if one is over its
// limit, in KB of 1024 bytes.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

for (const { entry, limit, imports } of JSON.parse(readFileSync('tables/sizes.json', 'utf8'))) {
  const { outputFiles } = await build({
    stdin: { contents: `export ${imports}`, resolveDir: '.' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    external: ['react'],
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  console.log(`${entry.padEnd(18)} ${String(bytes).padStart(5)} of ${Math.floor(1024 * limit)} bytes`);
  if (bytes > 1024 * limit) process.exitCode = 1;
}
