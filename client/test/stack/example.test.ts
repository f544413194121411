// The web build of example/, which `make example` makes, driven in Chromium as a person would use it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { chromiumPath, Pages, recording } from './chromium.js';

const { appUrl, authHost, functionUrl, geminiHost } = inject('stack');
const control = `http://${geminiHost}/control`;
const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TIMEOUT = { timeout: 40_000 };
const SETTINGS = { mint: functionUrl, auth: `http://${authHost}`, profile: 'colours' };
const BLUE = 'rgb(207, 224, 255)';

/** Whether the app was built. With REQUIRE_EXAMPLE=1 it must be. */
function isBuilt(): boolean {
  if (existsSync(path('example/dist/index.html'))) return true;
  if (process.env.REQUIRE_EXAMPLE === '1') throw new Error('The app of example/ is not built: make example');
  console.warn('SKIPPED: the app of example/ is not built: make example. REQUIRE_EXAMPLE=1 makes this an error.');
  return false;
}

const executable = isBuilt() && chromiumPath();

describe.skipIf(!executable)('the app of example/', () => {
  let pages: Pages;
  let page: Page;

  beforeAll(async () => {
    pages = await Pages.launch(String(executable), recording('remember'), 4);
  });
  afterAll(() => pages?.close());
  beforeEach(async () => {
    page = await pages.visit(appUrl, SETTINGS);
  });
  afterEach(async () => {
    await fetch(`${control}/scenario`, { method: 'DELETE' });
    await page?.close();
  });

  const click = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const reads = (text: string) => page.getByRole('status').getByText(text).first().waitFor(TIMEOUT);
  const hears = (text: string) => page.getByRole('log').getByText(text).first().waitFor(TIMEOUT);
  const write = async (text: string) => {
    await page.getByLabel('Write a message').fill(text);
    await page.keyboard.press('Enter');
  };
  const background = () =>
    page.getByRole('main').evaluate((main) => getComputedStyle(main.parentElement as Element).backgroundColor);

  async function violations(): Promise<string[]> {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script
      const { violations: found } = await (window as any).axe.run();
      return found.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`);
    });
  }

  async function signUp(): Promise<void> {
    await page.getByLabel('E-mail').fill(`${crypto.randomUUID()}@example.com`);
    await page.getByLabel('Password').fill('a password');
    expect(await violations()).toEqual([]);
    await click('Create an account');
    await reads('Ready when you are');
  }

  async function playColours(): Promise<void> {
    const steps = [
      { do: 'listen', input_transcription: 'Make the screen blue, please.' },
      { do: 'tool_call', calls: [{ name: 'set_colour', args: { colour: 'blue' } }] },
      { do: 'answer', say: 'The screen is blue now.' },
    ];
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ connection: [{ steps }] });
    await fetch(`${control}/scenario`, { method: 'PUT', headers, body });
  }

  test('a person signs up, talks, and the model gives the screen a colour', async () => {
    await playColours();
    await signUp();
    expect(await background()).not.toBe(BLUE);

    await click('Talk');
    await hears('Make the screen blue, please.');
    await hears('The screen is blue now.');
    await reads('Speaking');
    expect(await background()).toBe(BLUE);
    const { connections } = await (await fetch(`${control}/journal`)).json();
    expect(connections.at(-1)).toMatchObject({ unmet: [], audio: { rates: [16_000] } });

    await write('Thank you.');
    await hears('Thank you.');
    expect(await violations()).toEqual([]);
    await page.screenshot({ path: path('client/dist/example.png') });
    await click('Stop');
    await reads('See you soon');
    await click('Sign out');
    await page.getByLabel('E-mail').waitFor(TIMEOUT);
  });

  test('who only writes is not told to speak', async () => {
    await playColours();
    await signUp();
    await write('Blue!');

    await hears('The screen is blue now.');
    await reads('Reading');
  });

  test('the bundle has one copy of @firebase/app: with a second, its auth is registered with nobody', () => {
    const folder = path('example/dist/_expo/static/js/web/');
    const bundles = readdirSync(folder).map((name) => readFileSync(folder + name, 'utf8'));
    expect(bundles.join('').match(/"@firebase\/app",\w+="\d+\.\d+\.\d+"/g)).toHaveLength(1);
  });

  test('who has no account goes on without, and reads that this is not open to them', async () => {
    await click('Go on without an account');
    await click('Talk');

    await reads('This is not open to you');
  });

  test('a wrong password is said in words', async () => {
    await page.getByLabel('E-mail').fill('nobody@example.com');
    await page.getByLabel('Password').fill('a password');
    await click('Sign in');

    await page.getByRole('alert').getByText('That did not work').waitFor(TIMEOUT);
  });
});
