import { describe, expect, test } from 'vitest';
import type { LiveState } from '../../src/index.js';
import { says, setUp, TURN_COMPLETE } from './set-up.js';

const lines = ({ transcript }: LiveState) => transcript.map(({ who, text }) => `${who}: ${text}`);

describe('the model', () => {
  test('speaks as long as the playback lasts, whatever the server says', async () => {
    const { start, gemini, audio, state } = setUp();
    await start();
    audio.events?.onPlaying(true);
    gemini.last.say(TURN_COMPLETE);
    expect(state().speaking).toBe(true);

    audio.events?.onPlaying(false);
    expect(state().speaking).toBe(false);
  });

  test('is played, and silenced when the user interrupts', async () => {
    const { start, gemini, audio, state } = setUp();
    await start();
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: 'AQID' };
    gemini.last.say(says('Once upon', { modelTurn: { parts: [{ inlineData }] } }));
    gemini.last.say({ serverContent: { interrupted: true } });

    expect({ played: audio.played, flushes: audio.flushes }).toEqual({ played: [1, 2, 3], flushes: 1 });
    expect(state().transcript).toMatchObject([{ who: 'model', text: 'Once upon', done: true, interrupted: true }]);
  });

  test('speaks on when the user writes, until it is interrupted', async () => {
    const { session, start, gemini, state } = setUp();
    await start();
    gemini.last.say(says('Once upon'));
    session.sendText('Wait');
    gemini.last.say(says(' a time'));
    gemini.last.say({ serverContent: { interrupted: true } });

    expect(state().transcript).toMatchObject([
      { who: 'model', text: 'Once upon a time', done: true, interrupted: true },
      { who: 'user', text: 'Wait', done: true },
    ]);
  });

  test('and the user have their lines, which end with the turn', async () => {
    const { start, gemini, state } = setUp();
    await start();
    for (const text of [' What', ' is it?']) gemini.last.say({ serverContent: { inputTranscription: { text } } });
    gemini.last.say({ serverContent: { inputTranscription: { finished: true } } });
    expect(state().transcript).toMatchObject([{ text: 'What is it?', done: false }]);
    gemini.last.say(says('It is'));
    gemini.last.say(says(' nothing.'));
    expect(state().transcript.map(({ done }) => done)).toEqual([true, false]);
    gemini.last.say(TURN_COMPLETE);

    expect(lines(state())).toEqual(['user: What is it?', 'model: It is nothing.']);
    expect(state().transcript.map(({ done }) => done)).toEqual([true, true]);
  });

  test('leaves no line open when the connection changes or the session ends', async () => {
    const { start, reopen, gemini, session, state } = setUp();
    await start();
    gemini.last.say(says('Half a'));
    gemini.last.end(1006);
    expect(state().transcript).toMatchObject([{ text: 'Half a', done: true }]);
    await reopen(500);
    gemini.last.say(says('The other'));
    await session.stop();

    expect(state().transcript).toMatchObject([
      { id: 0, text: 'Half a', done: true },
      { id: 1, text: 'The other', done: true },
    ]);
  });
});
