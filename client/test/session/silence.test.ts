import { describe, expect, test } from 'vitest';
import { says, setUp, TURN_COMPLETE } from './set-up.js';

const CHUNK = 1280; // 40 ms
type SetUp = ReturnType<typeof setUp>;

/** Sound whose samples have this amplitude, every 40 ms for so long. */
async function hear({ audio, clock }: Pick<SetUp, 'audio' | 'clock'>, amplitude: number, milliseconds: number) {
  const samples = Int16Array.from({ length: CHUNK / 2 }, (_, at) => (at % 2 ? amplitude : -amplitude));
  for (let heard = 0; heard < milliseconds; heard += 40) {
    audio.events?.onMicrophone(new Uint8Array(samples.buffer));
    await clock.advance(40);
  }
}

const SPEECH = 5000;
const ROOM = 150;

describe('a connection from which nothing comes after the user', () => {
  test('has written is given up after 15 seconds: the app is told, and the words are sent again', async () => {
    const { start, reopen, gemini, clock, minter, session, state } = setUp();
    await start();
    session.sendText('Are you there?');

    await clock.advance(14_999);
    expect(state().status).toBe('live');
    await clock.advance(1);
    expect(state()).toMatchObject({ status: 'resuming', lastClose: { code: 4000, kind: 'no-answer', next: 'resume' } });
    await reopen();

    expect(minter.takes.at(-1)).toEqual({ resumptionHandle: 'h1' });
    expect(gemini.last.texts).toEqual(['Are you there?']);
    expect(gemini.mostOpen).toBe(1);
    expect(state().transcript).toHaveLength(1);
  });

  test('has spoken is given up 15 seconds after the last word', async () => {
    const use = setUp();
    await use.start();
    await hear(use, SPEECH, 20_000);
    expect(use.state().connections).toBe(1);

    await hear(use, ROOM, 14_900);
    expect(use.state().status).toBe('live');
    await hear(use, ROOM, 100);

    expect(use.state()).toMatchObject({ status: 'resuming', lastClose: { kind: 'no-answer' } });
  });

  test('has written before it was open is given up too', async () => {
    const { session, reopen, clock, state } = setUp();
    void session.start();
    session.sendText('Hello');
    await reopen();
    await clock.advance(15_000);

    expect(state().status).toBe('resuming');
  });

  test.each([
    ['ends', TURN_COMPLETE],
    ['is interrupted', { serverContent: { interrupted: true } }],
  ])('has written is given up, although the turn before %s meanwhile', async (_, message) => {
    const { start, gemini, clock, session, state } = setUp();
    await start();
    gemini.last.say(says('Well.'));
    session.sendText('And?');
    await clock.advance(10_000);
    gemini.last.say(message);
    await clock.advance(15_000);

    expect(state()).toMatchObject({ status: 'resuming', lastClose: { kind: 'no-answer' } });
  });

  test('is given more time after each silence, until the model answers', async () => {
    const { start, reopen, gemini, clock, session, state } = setUp();
    await start();
    session.sendText('One');
    for (const patience of [15_000, 30_000, 60_000]) {
      await clock.advance(patience - 1);
      expect(state().status).toBe('live');
      await clock.advance(1);
      expect(state().status).toBe('resuming');
      await reopen();
      session.sendText('Again');
    }
    gemini.last.say(says('Yes.'));
    session.sendText('Two');
    await clock.advance(15_000);

    expect(state()).toMatchObject({ status: 'resuming', connections: 4 });
  });

  test('has as much time as the app gives it', async () => {
    const { start, clock, session, state } = setUp({ answerMilliseconds: 5000 });
    await start();
    session.sendText('Hello');
    await clock.advance(5000);

    expect(state().status).toBe('resuming');
  });

  test('does not end a session that was stopped', async () => {
    const { start, clock, session, state, gemini } = setUp();
    await start();
    session.sendText('Hello');
    await session.stop();
    await clock.advance(60_000);

    expect(state()).toMatchObject({ status: 'ended', end: { how: 'stopped' } });
    expect(gemini.sockets).toHaveLength(1);
  });
});

describe('words to which nothing came', () => {
  test('are sent again after a drop, once', async () => {
    const { start, reopen, gemini, session } = setUp();
    await start();
    session.sendText('Hello');
    gemini.last.end(1006);
    await reopen(500);
    expect(gemini.last.texts).toEqual(['Hello']);
    gemini.last.end(1006);
    await reopen(1000);

    expect(gemini.last.texts).toEqual([]);
  });

  test('are not sent again if the model has begun to answer', async () => {
    const { start, reopen, gemini, session } = setUp();
    await start();
    session.sendText('Hello');
    gemini.last.say(says('Hi'));
    gemini.last.end(1006);
    await reopen(500);

    expect(gemini.last.texts).toEqual([]);
  });
});

describe('a connection is kept', () => {
  async function after(act: (use: SetUp) => unknown, options: Parameters<typeof setUp>[0] = {}) {
    const use = setUp(options);
    await use.start();
    await act(use);
    await use.clock.advance(60_000);
    return use.state();
  }
  const kept = { status: 'live', connections: 1 };

  test('while nobody speaks', async () => {
    expect(await after((use) => hear(use, ROOM, 60_000))).toMatchObject(kept);
  });

  test('after a click', async () => {
    expect(await after((use) => hear(use, 20_000, 80))).toMatchObject(kept);
  });

  test('after clicks of a keyboard', async () => {
    const clicks = async (use: SetUp) => {
      for (let key = 0; key < 20; key++) {
        await hear(use, SPEECH, 40);
        await hear(use, ROOM, 160);
      }
    };
    expect(await after(clicks)).toMatchObject(kept);
  });

  test.each([
    ['the first word of an answer', says('Well')],
    ['the words of the user', { serverContent: { inputTranscription: { text: 'Hello' } } }],
    ['a call of a tool', { toolCall: { functionCalls: [] } }],
  ])('after %s', async (_, message) => {
    const speak = async (use: SetUp) => {
      await hear(use, SPEECH, 800);
      use.session.sendText('Hello');
      use.gemini.last.say(message);
    };
    expect(await after(speak)).toMatchObject(kept);
  });

  test('while there are signs of life', async () => {
    const ask = async ({ session, clock, offer }: SetUp) => {
      session.sendText('A hard question');
      for (let sign = 0; sign < 10; sign++) {
        await clock.advance(14_000);
        offer(`h${sign}`);
      }
      expect(session.getState()).toMatchObject(kept);
    };
    await after(ask);
  });

  test('while a tool runs', async () => {
    const ask = ({ gemini, session }: SetUp) => {
      gemini.last.say({ toolCall: { functionCalls: [{ id: '1', name: 'look' }] } });
      session.sendText('Hurry');
    };
    expect(await after(ask, { tools: { look: () => new Promise(() => {}) } })).toMatchObject(kept);
  });

  test('while the model speaks: its echo is no speech', async () => {
    const speak = async (use: SetUp) => {
      use.audio.events?.onPlaying(true);
      await hear(use, SPEECH, 800);
    };
    expect(await after(speak)).toMatchObject(kept);
  });

  test('while the microphone is muted', async () => {
    const speak = async (use: SetUp) => {
      use.session.mute(true);
      await hear(use, SPEECH, 800);
    };
    expect(await after(speak)).toMatchObject(kept);
  });

  test('if the app wants to wait for ever', async () => {
    const ask = ({ session }: SetUp) => session.sendText('Hello');
    expect(await after(ask, { answerMilliseconds: Infinity })).toMatchObject(kept);
  });
});
