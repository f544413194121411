import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openProgram, recording } from './chromium.js';
import { newUser } from './people.js';

const { authHost, functionUrl, geminiHost } = inject('stack');
const control = `http://${geminiHost}/control`;
const client = fileURLToPath(new URL('../..', import.meta.url));
const address = inject('chromium');

describe.skipIf(!address)('in Chromium', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.connect(String(address));
  });

  afterAll(() => browser?.close());

  describe('the audio of the browser', () => {
    beforeAll(async () => {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify({ readyMade: 'microphone-speech' });
      await fetch(`${control}/scenario`, { method: 'PUT', headers, body });
      const idToken = await (await newUser())(false);
      page = await openProgram(
        browser,
        { entryPoints: [`${client}test/stack/page/talk.ts`] },
        { mint: functionUrl, idToken },
      );
      await page.click('button');
    });

    afterAll(() => page?.close());

    const state = () => page.evaluate(() => window.session.getState());

    test('what the microphone hears reaches the model, and every sample of its answer the loudspeaker, in order', async () => {
      await expect.poll(async () => (await state()).speaking, { timeout: 20_000 }).toBe(true);
      await expect.poll(async () => (await state()).speaking, { timeout: 20_000 }).toBe(false);

      const { connections } = await (await fetch(`${control}/journal`)).json();
      expect(connections.at(-1)).toMatchObject({
        scenario: 'microphone-speech',
        unmet: [],
        audio: { rates: [16_000] },
      });
      const { transcript } = await state();
      expect(transcript.map(({ who }) => who).slice(0, 2)).toEqual(['user', 'model']);
      const expected = recording('hello');
      const rendered = await page.evaluate(() => window.rendered);
      const start = rendered.findIndex((sample) => sample !== 0);
      const silence = expected.findIndex((sample) => sample !== 0);
      const differences = expected
        .slice(silence)
        .filter((sample, at) => Math.abs(sample - (rendered[start + at] ?? Infinity)) > 1);
      expect({ samples: expected.length > 20_000, differences: differences.length }).toEqual({
        samples: true,
        differences: 0,
      });
    });

    test('a flush silences the loudspeaker at once', async () => {
      await page.evaluate(() => window.audio.play(new Uint8Array(480_000).fill(64)));
      await expect.poll(async () => (await state()).speaking).toBe(true);

      await page.evaluate(() => window.audio.flush());

      expect((await state()).speaking).toBe(false);
      await expect
        .poll(() => page.evaluate(() => window.rendered.slice(-256).every((sample) => sample === 0)))
        .toBe(true);
    });

    test('levels follow what is said, and what is heard', async () => {
      const levels = () => page.evaluate(() => window.audio.levels());
      await page.evaluate(() => window.audio.play(new Uint8Array(480_000).fill(64)));

      await expect.poll(async () => (await levels()).speaker).toBeGreaterThan(0.1);
      await expect.poll(async () => (await levels()).microphone, { timeout: 10_000 }).toBeGreaterThan(0.01);
    });

    test('the microphone is off after a stop', async () => {
      await page.evaluate(() => window.session.stop());
      const heard = await page.evaluate(() => window.audio.levels());

      expect({ heard, status: (await state()).status }).toEqual({
        heard: { microphone: 0, speaker: 0 },
        status: 'ended',
      });
    });
  });

  test.concurrent.for(['README.md', '../README.md'])(
    'the first example of %s compiles and talks as it stands',
    async (readme, { expect }) => {
      const [, example] = /```tsx\n([\s\S]*?)```/.exec(readFileSync(`${client}${readme}`, 'utf8')) as RegExpExecArray;
      const folder = `${client}dist/${readme === 'README.md' ? 'readme' : 'readme-of-all'}`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/Talk.tsx`, String(example));
      writeFileSync(`${folder}/firebase.ts`, "export * from '../../test/stack/page/readme.js';\n");
      writeFileSync(
        `${folder}/page.ts`,
        "import { show } from './firebase';\nimport { Talk } from './Talk';\nvoid show(Talk);\n",
      );
      writeFileSync(
        `${folder}/tsconfig.json`,
        JSON.stringify({
          compilerOptions: {
            strict: true,
            noEmit: true,
            jsx: 'react-jsx',
            module: 'ESNext',
            moduleResolution: 'bundler',
            target: 'ES2022',
            skipLibCheck: true,
            types: ['react'],
          },
          include: ['Talk.tsx'],
        }),
      );
      await promisify(execFile)(`${client}node_modules/.bin/tsc`, ['-p', folder]);

      const page = await openProgram(
        browser,
        { entryPoints: [`${folder}/page.ts`], jsx: 'automatic' },
        { mint: functionUrl, auth: `http://${authHost}` },
      );
      await page.getByRole('button', { name: 'Talk' }).click();

      await page.getByText('Hello, I am the stand-in').waitFor({ timeout: 20_000 });
      await page.getByRole('button', { name: 'Stop' }).click();
      await expect.poll(() => page.getByRole('status').textContent()).toBe('ended');
      await page.close();
    },
  );
});
