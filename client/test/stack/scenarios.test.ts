// What a session makes of everything that the stand-in for Gemini can do to it: its ready-made scenarios.
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createLiveSession, type LiveSession, type LiveSessionOptions } from '../../src/index.js';
import { FakeAudio } from '../fake-gemini.js';
import { recording } from './chromium.js';
import { createSocket, newTokens } from './people.js';

const control = `http://${inject('stack').geminiHost}/control`;
let session: LiveSession;

async function play(readyMade: string): Promise<void> {
  const response = await fetch(`${control}/scenario`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ readyMade }),
  });
  expect(response.status).toBe(200);
}

async function start(options: Partial<LiveSessionOptions> = {}): Promise<void> {
  session = createLiveSession({ tokens: await newTokens(), createSocket, ...options });
  await session.start();
}

const tenTimesFaster = {
  now: () => Date.now(),
  after: (milliseconds: number, run: () => void) => {
    const timer = setTimeout(run, milliseconds / 10);
    return () => clearTimeout(timer);
  },
};

/** What the model has said. */
const answers = () =>
  session
    .getState()
    .transcript.filter(({ who, done }) => who === 'model' && done)
    .map(({ text }) => text.trim());
const until = <T>(get: () => T) => expect.poll(get, { timeout: 20_000, interval: 20 });

async function ask(text: string): Promise<string> {
  const before = answers().length;
  session.sendText(text);
  await until(() => answers().length).toBeGreaterThan(before);
  return answers().at(-1) ?? '';
}

beforeEach(() => fetch(`${control}/scenario`, { method: 'DELETE' }));
afterEach(() => session?.stop());

// Scenario → what it shows. A test holds this list and that of the stand-in together.
const STARTS_ALL_THE_SAME = ['token-spent', 'token-expired', 'start-window-over', 'unavailable-once'];
const MINTS_AGAIN = ['mint-not-json', 'mint-rate-limited', 'mint-slow', 'mint-unavailable-once'];
const FAILS = { 'api-disabled': 'api-disabled', 'quota-after-setup': 'quota' };
const RESUMES = {
  'closed-unasked': 'closed',
  'drop-mid-speech': 'dropped',
  'go-away': undefined,
  'go-away-mid-speech': undefined,
  'internal-error-mid-speech': 'server-error',
  'token-expires': 'token-expired',
};
const OTHERS = [
  ...['handle-lost', 'not-resumable', 'resumed-too-early', 'mint-failing', 'silent-before-setup-complete'],
  ...['slow-network', 'several-turns', 'interrupted', 'tool-call', 'tool-call-cancelled', 'tool-call-non-blocking'],
  ...['no-turn-complete', 'silent-after-setup-complete', 'half-open'],
  ...['microphone-speech', 'microphone-tone', 'transcript-finished'],
];

test('no-turn-complete: the answer is closed, and the talk goes on', async () => {
  await play('no-turn-complete');
  await start();

  await ask('Hello');
  await ask('Go on');

  expect(session.getState()).toMatchObject({ status: 'live', connections: 1 });
});

test('every scenario of the stand-in is in this file', async () => {
  const { readyMade } = await (await fetch(`${control}/scenarios`)).json();
  const lists = [STARTS_ALL_THE_SAME, MINTS_AGAIN, OTHERS, ...[FAILS, RESUMES].map(Object.keys)];

  expect(lists.flat().sort()).toEqual(readyMade.map(({ name }: { name: string }) => name).sort());
});

test.each(STARTS_ALL_THE_SAME)('%s: another token is taken, and the session starts', async (name) => {
  await play(name);
  await start();

  expect(session.getState()).toMatchObject({ status: 'live', connections: 1, conversation: 1 });
  expect(await ask('Hello')).toContain('stand-in');
});

test.each(MINTS_AGAIN)('%s: the call is tried again, and the session starts', async (name) => {
  await play(name);
  await start();

  expect(session.getState().status).toBe('live');
});

test.each(Object.entries(FAILS))('%s: the session fails, and says that the operator can help', async (name, kind) => {
  await play(name);
  await start();
  await until(() => session.getState().status).toBe('ended');

  expect(session.getState()).toMatchObject({ end: { how: 'failed' }, lastClose: { kind, next: 'operator' } });
});

test.each(Object.entries(RESUMES))('%s: the conversation goes on, and the model remembers', async (name, kind) => {
  await play(name);
  await start();
  await ask('Hello');
  await until(() => session.getState().connections).toBe(2);

  expect(await ask('Do you remember me?')).toContain('I remember');
  expect(session.getState()).toMatchObject({ status: 'live', conversation: 1 });
  if (kind) expect(session.getState().lastClose?.kind).toBe(kind);
  expect(session.getState().transcript.every(({ done }) => done)).toBe(true);
});

test('resumed-too-early: the same handle is tried again', async () => {
  await play('resumed-too-early');
  await start();
  await ask('Hello');
  await until(() => session.getState().connections).toBe(2);

  expect(await ask('Do you remember me?')).toContain('I remember');
  expect(session.getState()).toMatchObject({ conversation: 1, lastClose: { kind: 'server-error' } });
});

describe('the app is told that the conversation starts anew', () => {
  test.each(['handle-lost', 'not-resumable'])('%s', async (name) => {
    await play(name);
    await start();
    await ask('Hello');
    if (name === 'not-resumable') await ask('And now?');
    await until(() => session.getState().conversation).toBe(2);

    expect(session.getState().status).toBe('live');
    expect(await ask('Do you remember me?')).toContain('stand-in');
  });
});

test('mint-failing: the session fails after four calls', async () => {
  await play('mint-failing');
  await start();

  expect(session.getState().end).toMatchObject({
    how: 'failed',
    error: { reason: 'GEMINI_UNAVAILABLE', next: 'retry' },
  });
});

test('silent-before-setup-complete: the connection is given up, and the next one works', async () => {
  await play('silent-before-setup-complete');
  await start({ clock: tenTimesFaster });

  expect(session.getState()).toMatchObject({ status: 'live', lastClose: { kind: 'no-answer' } });
});

test('silent-after-setup-complete: the question is asked again on another connection', async () => {
  await play('silent-after-setup-complete');
  await start({ answerMilliseconds: 500 });

  await ask('Hello');
  expect(session.getState()).toMatchObject({ connections: 2, lastClose: { kind: 'no-answer' } });
});

test('half-open: the conversation goes on, and the model remembers', async () => {
  await play('half-open');
  await start({ answerMilliseconds: 500 });
  await ask('Hello');

  expect(await ask('Do you remember me?')).toContain('I remember');
  expect(session.getState()).toMatchObject({ connections: 2, conversation: 1, lastClose: { kind: 'no-answer' } });
});

test('slow-network: nothing is lost', async () => {
  await play('slow-network');
  await start();

  expect(await ask('Hello')).toBe('Hello, I am the stand-in for Gemini.');
});

test('several-turns: the session reads on after the first turnComplete', async () => {
  await play('several-turns');
  await start();
  session.sendText('Hello');

  await until(() => answers().join(' ')).toBe('Hello, I am the stand-in for Gemini.');
});

test('interrupted: the line says that not all of it was heard', async () => {
  await play('interrupted');
  await start();
  await ask('Hello');

  expect(session.getState().transcript.at(-1)).toMatchObject({ who: 'model', interrupted: true, done: true });
});

describe('a microphone', () => {
  let microphone: FakeAudio;

  /** Says it all at once: the stand-in counts samples, not seconds. */
  function hear(samples: Int16Array): void {
    for (let at = 0; at < samples.length; at += 640) {
      microphone.events?.onMicrophone(new Uint8Array(samples.slice(at, at + 640).buffer));
    }
  }

  const tone = (hertz: number) =>
    Int16Array.from({ length: 16_000 }, (_, at) => 9000 * Math.sin((2 * Math.PI * hertz * at) / 16_000));
  /** A recording of the stand-in, of 24 kHz, at 16 kHz. */
  const speech = () => {
    const sound = recording('hello');
    return Int16Array.from({ length: Math.floor((sound.length * 2) / 3) }, (_, at) => sound[Math.floor(at * 1.5)] ?? 0);
  };
  const quiet = new Int16Array(24_000);

  beforeEach(() => {
    microphone = new FakeAudio();
  });

  test.each([
    ['microphone-speech', speech()],
    ['microphone-tone', tone(440)],
  ])('%s: it is heard as it was said', async (name, sound) => {
    await play(name);
    await start({ audio: microphone });
    hear(sound);
    hear(quiet);
    await until(() => answers().length).toBe(1);

    const { connections } = await (await fetch(`${control}/journal`)).json();
    expect(connections.at(-1)).toMatchObject({ scenario: name, unmet: [], audio: { rates: [16_000] } });
  });

  test('transcript-finished: the line of the user has its words once, and ends', async () => {
    await play('transcript-finished');
    await start({ audio: microphone });
    hear(tone(440));
    hear(quiet);
    await until(() => answers().length).toBe(1);

    const [line] = session.getState().transcript;
    expect(line).toMatchObject({ who: 'user', done: true });
    expect(line?.text).not.toBe('');
  });

  test('half-open: a spoken question to which nothing comes changes the connection', async () => {
    await play('half-open');
    await start({ audio: microphone, answerMilliseconds: 500 });
    hear(tone(440));
    hear(quiet);
    await until(() => answers().length).toBe(1);
    // Again and again, as people do: the rest of the answer can come after the first words, and is a sign of life.
    const askAgain = () => {
      hear(tone(440));
      hear(quiet);
      return session.getState().connections;
    };
    await expect.poll(askAgain, { timeout: 20_000, interval: 1_000 }).toBe(2);

    expect(session.getState()).toMatchObject({ status: 'live', conversation: 1, lastClose: { kind: 'no-answer' } });
  });

  test('that is muted with the last word is answered', async () => {
    await start({ audio: microphone });
    hear(tone(440));
    session.mute(true);

    await until(() => answers().length).toBe(1);
  });
});

describe('tools', () => {
  const weather = async ({ city }: { city: string }) => `Rain in ${city}`;

  test('tool-call: the tool runs, and the answer follows', async () => {
    await play('tool-call');
    await start({ tools: { get_weather: weather } });

    expect(await ask('What is the weather in Paris?')).toBe('It is raining in Paris.');
    const { connections } = await (await fetch(`${control}/journal`)).json();
    expect(connections.at(-1).toolResponses).toMatchObject([
      { name: 'get_weather', response: { result: 'Rain in Paris' } },
    ]);
  });

  test('tool-call-non-blocking: the model talks on while it runs', async () => {
    await play('tool-call-non-blocking');
    let finish = () => {};
    await start({ tools: { get_weather: () => new Promise<void>((resolve) => (finish = resolve)) } });

    expect(await ask('What is the weather in Paris?')).toBe('Let me look at the sky.');
    expect(session.getState().runningTools).toEqual(['get_weather']);
    finish();
    await until(() => answers().at(-1)).toBe('It is raining in Paris.');
  });

  test('tool-call-cancelled: the tool knows it, and no result is sent', async () => {
    await play('tool-call-cancelled');
    let isCancelled = () => false;
    const slow = (_: unknown, call: { cancelled: boolean }) => {
      isCancelled = () => call.cancelled;
      return new Promise(() => {});
    };
    await start({ tools: { get_weather: slow } });

    expect(await ask('What is the weather in Paris?')).toBe('I cannot tell you the weather now.');
    expect(isCancelled()).toBe(true);
  });
});
