// The page of `make web`, where Gemini or the operator does something: a scenario is for whoever connects next, and a stop
// switch for all, so these drives run one after the other.
import { readFileSync, rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished } from 'vitest';
import { recording } from './chromium.js';
import { Drive, play, test } from './drive.js';
import type { Probes } from './page/probes.js';

const { switchesFile } = inject('stack');
const WORDS = [...recording('remember')];
const LOUDSPEAKER_RATE = 24_000;
const UNTIL = { timeout: 40_000, interval: 50 };

/** A row of the table. */
interface Close {
  kind: string;
  next: string;
  when?: string;
  refusals: string[];
}
// For the places in Gemini's texts.
const WORDS_OF: Record<string, object> = {
  API_DISABLED: { project: '1' },
  MODEL_NOT_FOUND: { model: 'models/x', version: 'v1beta' },
  MESSAGE_SHAPE: { fault: 'Unknown name "x" at \'setup\': Cannot find field.' },
};
const CLOSES: Close[] = JSON.parse(readFileSync(new URL('../../tables/closes.json', import.meta.url), 'utf8'));

describe.skipIf(!inject('chromium'))('the page', { timeout: 60_000 }, () => {
  describe.concurrent('while the model gives a long answer', () => {
    const LONG = 'And then there was another story. '.repeat(20);
    beforeAll(() => play({ repeat: true, connection: [{ steps: [{ do: 'answer', say: LONG }] }] }));
    afterAll(() => play());

    async function listen(drive: Drive): Promise<void> {
      await drive.probe();
      await drive.open();
      await drive.click('Talk');
      await drive.reads('Listening');
      await drive.say(WORDS);
      await drive.reads('Speaking');
      await drive.hears('And then');
    }

    test('a person talks over it: it is silent at once, and the next answer is whole', async ({ drive }) => {
      await listen(drive);
      await drive.say(WORDS);
      await drive.hears('interrupted');
      await drive.hears('I remember what you told me.');
      await drive.reads('Listening');

      const { interruptions, rendered } = await drive.page.evaluate(() => window.probes);
      expect(interruptions.map(({ title }) => title)).toEqual(['Listening']); // the queue is empty
      const silentFrom = Number(interruptions[0]?.frame) + 0.1 * LOUDSPEAKER_RATE;
      const after = rendered.filter(({ frame }) => frame >= silentFrom);
      expect(differences(after, recording('remember'))).toBe(0);
    });

    test('a person writes: that interrupts it too, and a screen reader is told each line once', async ({ drive }) => {
      await listen(drive);
      await drive.write('Wait a moment.');
      await drive.hears('I remember what you told me.');
      await drive.reads('Listening');

      const { interruptions, told } = await drive.page.evaluate(() => window.probes);
      expect(interruptions.map(({ title }) => title)).toEqual(['Listening']);
      expect(told).toEqual([
        expect.stringMatching(/spoke/),
        'Wait a moment.',
        expect.stringMatching(/^And then.*interrupted$/),
        'I remember what you told me.',
      ]);
    });
  });

  test('the service is paused while a person talks, and afterwards, until it is open again', async ({ drive }) => {
    onTestFinished(() => rmSync(switchesFile, { force: true }));
    const answer = { do: 'answer', pace: 0 };
    await play({ connection: [{ steps: [answer, answer, { do: 'go_away', time_left_seconds: 5 }] }] });
    await drive.open();
    await drive.click('Developer');
    await drive.write('Hello');
    await drive.hears('stand-in');
    await drive.click('Pause');
    await drive.reads('Paused');
    await drive.write('Go on');

    await drive.reads('This talk ends soon');
    await drive.screenshot('paused-while-talking');
    await drive.reads('Closed for the moment');
    await drive.click('Talk');
    await drive.reads('We are having a short break.');
    expect(await drive.fact('Last error')).toContain('SERVICE_PAUSED');
    await drive.screenshot('paused');
    await drive.click('Pause');
    await drive.reads('Open again.');
    await drive.click('Talk');
    await drive.reads('Listening');
  });

  describe('a connection that ends is explained, and the talk goes on where it can', () => {
    let shared: Drive | undefined;
    afterEach(() => play());
    afterAll(() => shared?.page.context().close());

    /** One page for all: each close happens to another user. */
    async function anotherUser(browser: Browser): Promise<Drive> {
      if (shared) await shared.click('Become another user');
      else {
        shared = new Drive(await browser.newPage());
        await shared.page.clock.install();
        await shared.open();
        await shared.click('Developer');
      }
      await shared.reads('Ready when you are');
      return shared;
    }

    test.for([
      ['goAway', 3],
      ['Drop', 2],
    ] as const)('%s on its button', async ([name, connections], { browser }) => {
      const drive = await anotherUser(browser);
      await drive.write('Hello');
      await drive.hears('stand-in');
      await drive.click(name);
      await expect.poll(() => drive.fact('Connections'), UNTIL).toBe(String(connections));

      expect(await drive.fact('Last gap')).toMatch(/^\d+ ms$/);
      expect(await drive.fact('Conversation')).toBe('1');
      await drive.write('Do you remember me?');
      await drive.hears('I remember');
    });

    test.for(CLOSES)('$kind', async (close, { browser }) => {
      const drive = await anotherUser(browser);
      await play(scenarioOf(close));
      const asked = new Promise<void>((resolve) => {
        drive.page.once('websocket', (socket) => socket.once('framesent', () => resolve()));
      });
      await drive.write('Hello');
      if (close.kind === 'no-answer') {
        await asked;
        await drive.page.clock.fastForward(15_000);
      }

      await expect.poll(() => drive.fact('Last close'), UNTIL).toContain(` ${close.kind}:`);
      if (/^(fix|operator)$/.test(close.next)) {
        await drive.reads('Gemini cannot talk now');
        return;
      }
      await drive.reads('Reading');
      await drive.write('Do you remember me?');
      await drive.hears(close.kind === 'handle-dead' ? 'I am the stand-in' : 'I remember');
      expect(await drive.fact('Conversation')).toBe(close.kind === 'handle-dead' ? '2' : '1');
    });

    test('half-open: nothing leaves the device any more, and another connection takes over', async ({ browser }) => {
      const drive = await anotherUser(browser);
      await play({ connection: [{ steps: [{ do: 'answer', pace: 0 }, { do: 'half_open' }] }] });
      const opened = drive.page.waitForEvent('websocket');
      await drive.write('Hello');
      await drive.hears('stand-in');
      // The browser takes megabytes before it says that nobody reads them.
      await drive.page.evaluate((url) => {
        const bufferedAmount = { get: (): number => 0 };
        bufferedAmount.get = function (this: WebSocket) {
          return this.url === url ? 1e6 : 0;
        };
        Object.defineProperty(WebSocket.prototype, 'bufferedAmount', bufferedAmount);
      }, (await opened).url());
      await drive.write('Is anybody there?');
      await expect.poll(() => drive.fact('Connections'), UNTIL).toBe('2');

      await drive.hears('I remember'); // the question is asked again
      expect(await drive.fact('Conversation')).toBe('1');
    });
  });
});

/** What brings a close about: where it can happen, and after an answer if the connection is open by then. */
function scenarioOf({ kind, when, refusals }: Close): object {
  const answer = { do: 'answer', pace: 0 };
  const [refusal] = refusals;
  const close = refusal ? { do: 'close', refusal, words: WORDS_OF[refusal] } : { do: 'close', code: 1000 };
  if (kind === 'no-answer') return { connection: [{ on_setup: [{ do: 'silence' }] }] };
  if (kind === 'unreachable') return { connection: [{ on_connect: [{ do: 'drop' }] }] };
  if (kind === 'dropped') return { connection: [{ steps: [answer, { do: 'drop' }] }] };
  if (kind === 'handle-dead') {
    return { connection: [{ steps: [answer, { do: 'close', code: 1000 }] }, { on_setup: [close] }] };
  }
  const isOpen = when === 'open' || /^(closed|quota|age-limit|server-error|token-expired)$/.test(kind);
  return { connection: [isOpen ? { steps: [answer, close] } : { on_setup: [close] }] };
}

/** How many samples of what was rendered are not those of a recording, from its first sound to its last. */
function differences(rendered: Probes['rendered'], expected: Int16Array): number {
  const heard = new Map(rendered.flatMap(({ frame, samples }) => samples.map((sample, at) => [frame + at, sample])));
  const begin = Math.min(...[...heard].filter(([, sample]) => sample !== 0).map(([frame]) => frame));
  const silence = expected.findIndex((sample) => sample !== 0);
  return expected.filter((sample, at) => Math.abs(sample - (heard.get(begin + at - silence) ?? 0)) > 1).length;
}
