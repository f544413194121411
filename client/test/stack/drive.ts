// Drives the page of `make web`, and the app of example/, in Chromium as a person would use it.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { inject, test as plain } from 'vitest';
import { bundled } from './chromium.js';
import { film } from './film.js';

const { geminiHost, pageUrl } = inject('stack');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// WRITE_SCREENSHOTS=1 writes those of the documents there, and those of every refusal beside the package.
export const DOCUMENTS = fileURLToPath(new URL('../../../docs/page/', import.meta.url));
const ELSEWHERE = fileURLToPath(new URL('../../dist/page/', import.meta.url));
const writesScreenshots = process.env.WRITE_SCREENSHOTS === '1';
const control = `http://${geminiHost}/control`;
const TIMEOUT = { timeout: 40_000 };
export const WIDE = { width: 840, height: 690 };
const FILM = { width: 640, height: 480 };
export const PHONE = { width: 390, height: 760 };

/** Plays a scenario of the stand-in, from the next connection on; without one all is as usual. */
export async function play(scenario?: object): Promise<void> {
  await fetch(`${control}/scenario`, {
    method: scenario ? 'PUT' : 'DELETE',
    headers: { 'Content-Type': 'application/json' },
    body: scenario ? JSON.stringify(scenario) : null,
  }).then(async (answer) => {
    if (!answer.ok) throw new Error(await answer.text());
  });
}

// biome-ignore lint/suspicious/noExplicitAny: records.py has its fields
export async function journal(): Promise<{ connections: any[] }> {
  return (await fetch(`${control}/journal`)).json();
}

/** One page, of a user of its own. */
export class Drive {
  constructor(readonly page: Page) {}

  /** Before `open`: has the page hear what the drive says, and watches it from inside. */
  async probe(): Promise<void> {
    const program = fileURLToPath(new URL('page/probes.ts', import.meta.url));
    await this.page.addInitScript({ content: await bundled({ entryPoints: [program], format: 'iife' }) });
  }

  async open(query: Record<string, string> = {}, url = pageUrl): Promise<void> {
    await this.page.goto(`${url}?${new URLSearchParams(query)}`);
  }

  click(name: string) {
    return this.page.getByRole('button', { name, exact: true }).click();
  }

  async write(text: string): Promise<void> {
    await this.page.getByLabel('Write a message').fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Says samples of 24 kHz into the microphone of a page with probes. */
  say(samples: number[]) {
    return this.page.evaluate((all) => window.probes.say(all), samples);
  }

  /** Waits until the page says so. */
  reads(text: string | RegExp) {
    return this.page.getByRole('status').getByText(text).first().waitFor(TIMEOUT);
  }

  /** Waits until it is in the transcript. */
  hears(text: string) {
    return this.page.getByRole('log').getByText(text).first().waitFor(TIMEOUT);
  }

  /** A line of the drawer; waits for it. */
  fact(name: string) {
    return this.page.locator(`dt:text-is("${name}") + dd`).textContent(TIMEOUT);
  }

  async violations(): Promise<string[]> {
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script
      const { violations: found } = await (window as any).axe.run();
      return found.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`);
    });
  }

  /** Does something; a GIF of it is for the documents. */
  async film(name: string, act: () => Promise<void>): Promise<void> {
    if (!writesScreenshots) return act();
    await this.page.setViewportSize(FILM);
    await film(this.page, `${DOCUMENTS}${name}.gif`, act);
    await this.page.setViewportSize(WIDE);
  }

  async screenshot(name: string, folder = ELSEWHERE): Promise<void> {
    if (!writesScreenshots) return;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: `${folder}${name}.png` });
  }
}

/** A test that has a page of its own, in the browser of all. */
export const test = plain.extend<{ browser: Browser; drive: Drive }>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: the form that vitest wants
    async ({}, use) => {
      const browser = await chromium.connect(String(inject('chromium')));
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  drive: async ({ browser }, use) => {
    const page = await browser.newPage({ viewport: WIDE, reducedMotion: 'reduce' });
    page.on('pageerror', (error) => console.error(error));
    await use(new Drive(page));
    await page.context().close();
  },
});
