// The page of `make web`, driven in Chromium as a person would use it.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { chromiumPath, Pages, recording } from './chromium.js';

const { geminiHost, pageUrl, switchesFile } = inject('stack');
const control = `http://${geminiHost}/control`;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executable = chromiumPath();
const TIMEOUT = { timeout: 40_000 };
// WRITE_SCREENSHOTS=1 writes those of the documents.
const shots = fileURLToPath(
  new URL(process.env.WRITE_SCREENSHOTS === '1' ? '../../../docs/page/' : '../../dist/page/', import.meta.url),
);

describe.skipIf(!executable)('the page', () => {
  let pages: Pages;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    pages = await Pages.launch(String(executable), recording('remember'), 4);
  });
  afterAll(() => pages?.close());
  beforeEach(() => fetch(`${control}/scenario`, { method: 'DELETE' }));
  afterEach(async () => {
    rmSync(switchesFile, { force: true });
    await page?.close();
  });

  const open = async (query: Record<string, string> = {}) => {
    page = await pages.visit(pageUrl, query);
  };
  const click = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const reads = (text: string) => page.getByRole('status').getByText(text).first().waitFor(TIMEOUT);
  const hears = (text: string) => page.getByRole('log').getByText(text).first().waitFor(TIMEOUT);
  const write = async (text: string) => {
    await page.getByLabel('Write a message').fill(text);
    await page.keyboard.press('Enter');
  };
  const fact = (name: string) => page.locator(`dt:text-is("${name}") + dd`).textContent();
  const shot = (name: string) => page.screenshot({ path: `${shots}${name}.png` });

  async function violations(): Promise<string[]> {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script
      const { violations: found } = await (window as any).axe.run();
      return found.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`);
    });
  }

  test('a person talks, is answered, writes, and stops', async () => {
    await open();
    await reads('Ready when you are');
    await click('Talk');
    await hears('I am the stand-in');
    await reads('Speaking');
    await shot('talk');
    await write('Do you remember me?');
    await hears('Do you remember me?');
    await click('Stop');

    await reads('See you soon');
    expect(await page.getByRole('button', { name: 'Talk', exact: true }).isVisible()).toBe(true);
  });

  test.each(['goAway', 'Drop'])('%s: the conversation goes on over a second connection', async (name) => {
    await open();
    await write('Hello');
    await hears('stand-in');
    await click('Developer');
    await click(name);
    const connections = name === 'Drop' ? 2 : 3;
    await expect.poll(() => fact('Connections'), TIMEOUT).toBe(String(connections));

    expect(await fact('Last gap')).toMatch(/^\d+ ms$/);
    expect(await fact('Conversation')).toBe('1');
    await write('Do you remember me?');
    await hears('I remember');
  });

  describe('a refusal is said in words', () => {
    test('the service is paused', async () => {
      await open();
      await click('Developer');
      await click('Pause the service');
      await reads('Paused');
      await click('Talk');

      await reads('We are having a short break.');
      expect(await fact('Last error')).toContain('SERVICE_PAUSED');
      await shot('paused');
    });

    test('the user is blocked', async () => {
      await open();
      await click('Developer');
      await click('Block this user');
      await reads('Blocked');
      await write('Hello');

      await reads('This account is blocked.');
    });

    test('the quota of the hour is used up', async () => {
      await open({ profile: 'once' });
      await write('Hello');
      await hears('stand-in');
      await click('Stop');
      await click('Talk');

      await reads('That was enough for this hour');
      await reads('You can come back in');
    });

    test('a page of another origin may not call the address', async () => {
      await open({ mint: `http://${geminiHost}/elsewhere` });
      await click('Talk');

      await reads('No answer');
    });

    test('the model does not exist', async () => {
      await open({ profile: 'no-such-model' });
      await click('Developer');
      await click('Talk');

      await reads('Gemini cannot talk now');
      expect(await fact('Last close')).toContain('model-not-found');
    });
  });

  test.each([
    ['light', 1100],
    ['dark', 1100],
    ['light', 390],
    ['dark', 390],
  ] as const)('axe finds nothing: %s, %i pixels wide', async (colorScheme, width) => {
    await open();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 760 });
    await write('Hello');
    await hears('stand-in');
    expect(await violations()).toEqual([]);
    await click('Developer');
    await fact('Lease ends in');

    expect(await violations()).toEqual([]);
    if ((colorScheme === 'light') === width > 400) await shot(`${colorScheme}-${width}`);
  });

  test('Escape closes the drawer, and gives the focus back', async () => {
    await open();
    await click('Developer');
    await page.keyboard.press('Escape');

    expect(await page.getByLabel('For developers').isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('open');
  });
});
