// Taps in Chromium, each in a page of its own that knows nothing of the others: reads one line of JSON for each, what
// `tap` is asked, and prints what it returns. The argument is JSON: `chromium`, its path, and the folders `client` and
// `sdks` of the packages.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { chromium: executablePath, client, sdks } = JSON.parse(process.argv[2]);
const require = createRequire(`${client}/package.json`);
const { build } = require('esbuild');
const { chromium } = require('playwright-core');

const program = `
import * as genai from '@google/genai';
import * as client from '${client}/dist/esm/index.js';
import { tap } from '${fileURLToPath(new URL('tap.mjs', import.meta.url))}';
window.tap = (asked) => tap(asked, { client, genai, WebSocket });
`;
const bundle = { bundle: true, write: false, format: 'iife', target: 'es2022' };
const { outputFiles } = await build({ ...bundle, stdin: { contents: program, resolveDir: sdks } });
// A server of its own, so that the function is another origin: Chromium asks it first whether the page may call.
const server = createServer(({ url }, response) => {
  const isScript = url === '/page.js';
  response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
  response.end(
    isScript ? outputFiles[0].text : '<!doctype html><meta charset="utf-8"><script src="/page.js"></script>',
  );
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
for await (const line of createInterface({ input: process.stdin })) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  console.log(JSON.stringify(await page.evaluate((asked) => window.tap(asked), JSON.parse(line))));
  await context.close();
}
await browser.close();
process.exit(0);
