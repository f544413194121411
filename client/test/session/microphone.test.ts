import { describe, expect, test } from 'vitest';
import { setUp } from './set-up.js';

describe('the microphone', () => {
  const chunk = (value: number, bytes = 640) => new Uint8Array(bytes).fill(value);
  const values = (sounds: string[]) => sounds.map((sound) => atob(sound).charCodeAt(0));

  test('is sent while the session is live', async () => {
    const { start, gemini, audio } = setUp();
    await start();
    audio.events?.onMicrophone(new Uint8Array([1, 2, 3, 4]));

    expect(gemini.last.sent.at(-1)).toEqual({
      realtimeInput: { audio: { data: 'AQIDBA==', mimeType: 'audio/pcm;rate=16000' } },
    });
  });

  test('the last two seconds of a gap are kept, and sent in their order', async () => {
    const { start, reopen, gemini, audio } = setUp();
    await start();
    gemini.last.end(1006);
    for (let half = 1; half <= 6; half++) audio.events?.onMicrophone(chunk(half, 16_000));
    await reopen(500);

    expect(values(gemini.last.sounds)).toEqual([3, 4, 5, 6]);
  });

  test('when it is muted, a second of quiet follows at once, and then nothing', async () => {
    const { start, gemini, audio, session, state } = setUp();
    await start();
    audio.events?.onMicrophone(chunk(7, 16_000));
    session.mute(true);
    session.mute(true);
    audio.events?.onMicrophone(chunk(8, 16_000));
    session.mute(false);
    audio.events?.onMicrophone(chunk(9, 16_000));

    expect(values(gemini.last.sounds)).toEqual([7, ...Array(10).fill(0), 9]);
    expect(gemini.last.sounds.slice(1, -1).reduce((sum, sound) => sum + atob(sound).length, 0)).toBe(32_000);
    expect(state().muted).toBe(false);
  });

  test('when it is muted in a gap, what was kept is sent, and a second of quiet', async () => {
    const { start, reopen, gemini, audio, session } = setUp();
    await start();
    gemini.last.end(1006);
    audio.events?.onMicrophone(chunk(7));
    session.mute(true);
    await reopen(500);

    expect(values(gemini.last.sounds)).toEqual([7, ...Array(10).fill(0)]);
  });

  test('what is said while it is muted in a gap is not kept', async () => {
    const { start, reopen, gemini, audio, session } = setUp();
    await start();
    session.mute(true);
    gemini.last.end(1006);
    audio.events?.onMicrophone(chunk(8));
    await reopen(500);

    expect(values(gemini.last.sounds).filter((value) => value !== 0)).toEqual([]);
  });
});
