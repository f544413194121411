// The page of `make web`: talks, refusals, and how it looks. The drives run side by side, so all connections are alike:
// goAway after 10 seconds, the end 6 seconds later, and a setup that takes a moment.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { recording } from './chromium.js';
import { DOCUMENTS, Drive, journal, PHONE, play, test, WIDE } from './drive.js';

const { authHost, functionUrl, geminiHost } = inject('stack');
const WORDS = [...recording('remember')];
const CHUNK_SECONDS = 0.04;
const CONNECTIONS_OF_16_SECONDS = {
  repeat: true,
  connection: [
    { on_setup: [{ do: 'wait', seconds: 0.6 }], steps: [{ do: 'go_away', in_seconds: 10, time_left_seconds: 6 }] },
  ],
};
const SIGN_UP = '**/accounts:signUp*';

describe.skipIf(!inject('chromium')).concurrent('the page', { timeout: 90_000 }, () => {
  beforeAll(() => play(CONNECTIONS_OF_16_SECONDS));
  afterAll(() => play());

  test('connections of 16 s, leases of 30 s: one socket at a time, and what is said between two is heard', async ({
    drive,
    expect,
  }) => {
    const leases: { id: string; end: string }[] = [];
    drive.page.on('response', async (response) => {
      const { result } = await response.json().catch(() => ({}));
      if (result?.session) leases.push({ id: result.session.id, end: result.expireTime });
    });
    await drive.probe();
    await drive.open({ profile: 'leased' });
    await drive.click('Developer');
    await drive.click('Talk');
    await drive.reads('Listening');
    await drive.say(WORDS);
    await drive.hears('I am the stand-in');
    await drive.page.evaluate((words) => {
      window.probes.sayInGaps = words;
    }, WORDS);

    await drive.hears('I remember what you told me');
    await drive.hears('I still know what we talked about');

    expect([await drive.fact('Connections'), await drive.fact('Conversation')]).toEqual(['3', '1']);
    console.info(`The last change of connections took ${await drive.fact('Last gap')}.`);
    const [first] = leases;
    expect(leases.map(({ id, end }) => [id === first?.id, end === first?.end])).toEqual([
      [true, true],
      [true, true], // after goAway: what is left of the lease
      [true, false], // the next lease
    ]);
    const { sockets, inGaps } = await drive.page.evaluate(() => window.probes);
    expect(sockets.map(({ beside }) => beside)).toEqual([0, 0, 0]);
    const { connections } = await journal();
    for (const [gap, spoken] of inGaps.entries()) {
      const { token, sent } = sockets[gap + 1] as (typeof sockets)[number];
      expect(spoken.length).toBeGreaterThan(0);
      const missing = spoken.filter((chunk) => !sent.includes(chunk)).length;
      const inOrder = sent.filter((chunk) => spoken.includes(chunk)).every((chunk, at) => chunk === spoken[at]);
      expect({ missing, inOrder }).toEqual({ missing: 0, inOrder: true });
      const digest = createHash('sha256').update(token).digest('hex').slice(0, 12);
      const { resumed, turns } = connections.find((connection) => connection.token === digest);
      expect(resumed).toBe(true);
      expect(turns[0].spokenSeconds).toBeGreaterThan(CHUNK_SECONDS * (spoken.length - 1));
    }
    expect(inGaps).toHaveLength(2);
  });

  test('a person talks, is answered, writes, and stops', async ({ drive, expect }) => {
    await drive.page.emulateMedia({ reducedMotion: 'no-preference' });
    await drive.probe();
    await drive.open();
    await drive.reads('Ready when you are');
    await drive.film('talk', async () => {
      await drive.click('Talk');
      await drive.reads('Listening');
      await drive.say(WORDS);
      await drive.hears('I am the stand-in for Gemini.');
      await drive.reads('Listening');
      await drive.write('Do you remember me?');
      await drive.hears('Do you remember me?');
      await drive.hears('I remember what you told me.');
    });
    await drive.reads('Listening');
    await drive.screenshot('talk', DOCUMENTS);
    await drive.click('Stop');

    await drive.reads('See you soon');
    expect(await drive.page.getByRole('button', { name: 'Talk', exact: true }).isVisible()).toBe(true);
  });

  describe('a refusal is said in words', () => {
    test('the minutes of the day are used up', async ({ drive }) => {
      await drive.page.setViewportSize(PHONE);
      await drive.page.emulateMedia({ colorScheme: 'dark' });
      await drive.open({ profile: 'minute' });
      await drive.write('Hello');
      await drive.hears('stand-in');
      await drive.click('Stop');
      await drive.click('Talk');

      await drive.reads('Your minutes are used up');
      await drive.reads('You can come back in 12 hours.');
      await drive.screenshot('refused', DOCUMENTS);
    });

    test('the quota of the hour is used up', async ({ drive }) => {
      await drive.open({ profile: 'once' });
      await drive.write('Hello');
      await drive.hears('stand-in');
      await drive.click('Stop');
      await drive.click('Talk');

      await drive.reads('That was enough for this hour');
      await drive.reads('You can come back in 60 minutes.');
      await drive.screenshot('quota');
    });

    test('the user is talking in another window', async ({ browser, drive }) => {
      const account = drive.page.waitForResponse(SIGN_UP).then((response) => response.json());
      await drive.open({ profile: 'leased' });
      await drive.write('Hello');
      await drive.hears('stand-in');
      const other = new Drive(await browser.newPage());
      await other.page.route(SIGN_UP, async (route) => route.fulfill({ json: await account }));
      await other.open({ profile: 'leased' });
      await other.click('Talk');

      await other.reads('You are already talking');
      await other.reads('You can come back in');
      await other.screenshot('second-session');
      await other.page.context().close();
    });

    test('the user is blocked while talking, and afterwards', async ({ drive }) => {
      await drive.open();
      await drive.click('Developer');
      await drive.write('Hello');
      await drive.hears('stand-in');
      await drive.click('Block');

      await drive.reads('This talk ends soon'); // the connection is too old, and there is no token for another
      await drive.reads('You cannot talk here any more');
      await drive.click('Talk');
      await drive.reads('This account is blocked.');
      await drive.screenshot('blocked');
    });

    test('the user is anonymous, and the profile is not for them', async ({ drive }) => {
      const postData = JSON.stringify({ returnSecureToken: true });
      await drive.page.route(SIGN_UP, (route) => route.continue({ postData }));
      await drive.open();
      await drive.click('Talk');

      await drive.reads('This is not open to you');
      await drive.screenshot('anonymous');
    });

    test.for([
      ['NotAllowedError', 'The microphone is blocked'],
      ['NotFoundError', 'There is no microphone'],
    ] as const)('%s: the user can write instead', async ([name, words], { drive }) => {
      await drive.page.addInitScript((error) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', error));
      }, name);
      await drive.open();
      await drive.click('Talk');
      await drive.reads(words);
      await drive.screenshot(name);
      await drive.write('Hello');
      await drive.hears('I am the stand-in');
    });

    test('the device is offline', async ({ drive }) => {
      await drive.open();
      await drive.reads('Ready when you are');
      await drive.page.context().setOffline(true);
      await drive.click('Talk');

      await drive.reads('You are offline');
      await drive.screenshot('offline');
    });

    test.for([
      ['nobody answers at the address', 'http://127.0.0.1:1/', 'No answer'],
      ['a page of another origin may not call the address', `http://${geminiHost}/elsewhere`, 'No answer'],
      ['something else answers', `http://${authHost}/elsewhere`, 'Nobody to talk to at this address'],
    ] as const)('%s', async ([, mint, words], { drive }) => {
      await drive.open({ mint });
      await drive.click('Talk');

      await drive.reads(words);
      await drive.screenshot(`wrong-url-${new URL(mint).port}`);
    });

    test('the model does not exist', async ({ drive, expect }) => {
      await drive.open({ profile: 'no-such-model' });
      await drive.click('Developer');
      await drive.click('Talk');

      await drive.reads('Gemini cannot talk now');
      expect(await drive.fact('Last close')).toContain('model-not-found');
      await drive.screenshot('no-model');
    });
  });

  test.for([
    ['light', WIDE],
    ['dark', WIDE],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)(
    'axe finds nothing, and the drawer covers no words: %s, %o',
    async ([colorScheme, size], { drive, expect }) => {
      await drive.page.emulateMedia({ colorScheme });
      await drive.page.setViewportSize(size);
      await drive.probe();
      await drive.open();
      await drive.click('Talk');
      await drive.reads('Listening');
      await drive.say(WORDS);
      await drive.hears('I am the stand-in for Gemini.');
      expect(await drive.violations()).toEqual([]);
      await drive.click('Developer');
      await drive.fact('Lease ends in');
      await drive.page.getByText('I am the stand-in').click({ trial: true });

      expect(await drive.violations()).toEqual([]);
      await drive.reads('Listening');
      if (size === WIDE && colorScheme === 'dark') await drive.screenshot('developer', DOCUMENTS);
      if (size === PHONE && colorScheme === 'light') await drive.screenshot('phone', DOCUMENTS);
    },
  );

  test('the keyboard is enough: talk, stop, open the drawer, close it', async ({ drive, expect }) => {
    const focus = () => drive.page.evaluate(() => document.activeElement?.id);
    const { keyboard } = drive.page;
    await drive.open();
    await drive.reads('Ready when you are');
    await keyboard.press('Enter');
    await drive.reads('Listening');
    await keyboard.press('Enter');
    await drive.reads('See you soon');
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    expect(await drive.page.getByLabel('For developers').isVisible()).toBe(true);
    await drive.page.getByLabel('Profile').focus();
    await keyboard.press('Escape');

    expect(await drive.page.getByLabel('For developers').isVisible()).toBe(false);
    expect(await focus()).toBe('open');
  });

  test('nothing moves for who wants it so', async ({ drive, expect }) => {
    const animation = () =>
      drive.page.evaluate(() => getComputedStyle(document.getElementById('halo') as Element).animationName);
    await drive.page.route(
      (url) => url.href.startsWith(functionUrl),
      () => {},
    ); // the call for a token takes for ever
    await drive.open();
    await drive.click('Talk');
    await drive.reads('One moment');

    expect(await animation()).toBe('none');
    await drive.page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await animation()).toBe('breathe');
  });
});
