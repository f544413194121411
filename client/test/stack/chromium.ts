// Chromium, which has a microphone that plays a recording.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';

const RECORDINGS = new URL('../../../local/stand_ins/gemini/gemini_live_stand_in/recordings/', import.meta.url);
const WAV_HEADER_BYTES = 44;
const QUIET = new Int16Array(24_000 * 4);

/** Returns the path of Chromium, or nothing if it is not installed. With REQUIRE_CHROMIUM=1 that is an error. */
function chromiumPath(): string | undefined {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {}
  }
  if (process.env.REQUIRE_CHROMIUM === '1') throw new Error('Chromium is missing: apt-get install chromium');
  console.warn('SKIPPED: the tests in a browser need Chromium. REQUIRE_CHROMIUM=1 makes this an error.');
  return undefined;
}

/** Returns the samples of a recording of the stand-in: 16 bit, 24 kHz. */
export function recording(name: 'hello' | 'remember'): Int16Array {
  const file = readFileSync(new URL(`${name}.wav`, RECORDINGS));
  return new Int16Array(new Uint8Array(file.subarray(WAV_HEADER_BYTES)).buffer);
}

/** Starts Chromium, whose microphone hears a recording and then four seconds of quiet, over and over. */
export async function launchChromium(): Promise<{ address: string; close(): Promise<void> } | undefined> {
  const executablePath = chromiumPath();
  if (!executablePath) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'live-pages-'));
  writeFileSync(join(folder, 'microphone.wav'), wav(recording('remember'), QUIET));
  const server = await chromium.launchServer({
    executablePath,
    args: [
      '--no-sandbox',
      '--autoplay-policy=user-gesture-required',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${join(folder, 'microphone.wav')}`,
    ],
  });
  return {
    address: server.wsEndpoint(),
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Bundles a program for a page. */
export async function bundled(program: BuildOptions): Promise<string> {
  const { outputFiles } = await build({ bundle: true, write: false, format: 'esm', target: 'es2022', ...program });
  return outputFiles?.[0]?.text ?? '';
}

/** Bundles a program, and opens a page on 127.0.0.1 that runs it. */
export async function openProgram(
  browser: Browser,
  program: BuildOptions,
  query: Record<string, string>,
): Promise<Page> {
  const script = await bundled(program);
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><div id="root"></div><script type="module" src="/page.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error));
  page.on('close', () => server.close());
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${new URLSearchParams(query)}`);
  return page;
}

function wav(...parts: Int16Array[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(24_000, 24);
  header.writeUInt32LE(48_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes.length, 40);
  return Buffer.concat([header, bytes]);
}
