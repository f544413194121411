import { describe, expect, test } from 'vitest';
import { setUp } from './set-up.js';

describe('text and images', () => {
  test('a text is sent and has its line', async () => {
    const { start, gemini, session, state } = setUp();
    await start();

    expect(session.sendText('Hello')).toBe(true);

    expect(gemini.last.texts).toEqual(['Hello']);
    expect(state().transcript).toMatchObject([{ who: 'user', text: 'Hello', done: true }]);
  });

  test('an image is sent as bytes or base64', async () => {
    const { start, gemini, session } = setUp();
    await start();
    session.sendImage(new Uint8Array([1, 2, 3]));
    session.sendImage('AQID', 'image/png');

    expect(gemini.last.sent.slice(-2)).toEqual([
      { realtimeInput: { video: { data: 'AQID', mimeType: 'image/jpeg' } } },
      { realtimeInput: { video: { data: 'AQID', mimeType: 'image/png' } } },
    ]);
  });

  test('what could not be sent before a stop is not said in the next conversation', async () => {
    const { start, gemini, session } = setUp();
    await start();
    gemini.last.end(1006);
    session.sendText('Are you there?');
    await session.stop();
    await start();

    expect(gemini.last.texts).toEqual([]);
  });

  test('nothing is taken before the start or after the end', async () => {
    const { start, session } = setUp();
    expect(session.sendText('early')).toBe(false);
    await start();
    await session.stop();

    expect([session.sendText('late'), session.sendImage('AQID')]).toEqual([false, false]);
  });
});
