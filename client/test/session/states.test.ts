import { describe, expect, test } from 'vitest';
import { refusal } from '../answers.js';
import { settle } from '../virtual-clock.js';
import { setUp } from './set-up.js';

describe('the states', () => {
  test('idle → connecting → live', async () => {
    const { start, seen, state } = setUp();

    await start();

    expect(seen).toEqual(['idle', 'connecting', 'live']);
    expect(state()).toMatchObject({ connections: 1, conversation: 1, token: { profile: 'default' } });
  });

  test('nothing secret is in the state', async () => {
    const { start, state } = setUp();

    await start();

    expect(JSON.stringify(state())).not.toContain('auth_tokens');
  });

  test('live → ended, stopped', async () => {
    const { start, session, seen, state, gemini, audio } = setUp();
    await start();

    await session.stop();

    expect(seen.at(-1)).toBe('ended');
    expect(state().end).toEqual({ how: 'stopped' });
    expect({ open: gemini.last.isOpen, stops: audio.stops }).toEqual({ open: false, stops: 1 });
  });

  test('connecting → ended, stopped: no token is used after it', async () => {
    const { session, clock, minter, gemini, state } = setUp({ leaseSeconds: 600 });
    void session.start();
    await session.stop();
    await clock.advance(60_000);

    expect(state().end).toEqual({ how: 'stopped' });
    expect(gemini.sockets).toHaveLength(0);
    expect(minter.ended).toEqual(minter.takes.length > 0 ? ['s1'] : []);
  });

  test('connecting → ended, stopped: the lease of a token that comes after it is given back', async () => {
    const { session, minter, gemini } = setUp({ leaseSeconds: 600 });
    let give = () => {};
    minter.answers = new Promise<void>((resolve) => (give = resolve));
    void session.start();
    await settle();
    expect(minter.takes).toHaveLength(1);
    await session.stop();
    give();
    await settle();

    expect({ ended: minter.ended, sockets: gemini.sockets.length }).toEqual({ ended: ['s1'], sockets: 0 });
  });

  test('connecting → ended, stopped: a socket that is being opened is closed', async () => {
    const { session, gemini, state } = setUp();
    void session.start();
    await settle();
    expect(gemini.last.isOpen).toBe(true);

    await session.stop();

    expect({ open: gemini.last.isOpen, how: state().end?.how }).toEqual({ open: false, how: 'stopped' });
  });

  test('connecting → ended, refused', async () => {
    const { session, minter, state, audio } = setUp();
    minter.refusals = [refusal('resource-exhausted', 'DAILY_QUOTA_EXCEEDED', { retryAfterSeconds: 60 })];

    await session.start();

    expect(state()).toMatchObject({
      status: 'ended',
      end: { how: 'refused', error: { reason: 'DAILY_QUOTA_EXCEEDED' } },
    });
    expect(audio.stops).toBe(1);
  });

  test.each([
    ['MALFORMED_REQUEST', 'invalid-argument'],
    ['INTERNAL', 'internal'],
  ])('connecting → ended, failed: %s', async (reason, code) => {
    const { session, minter, state } = setUp();
    minter.refusals = [refusal(code, reason)];

    await session.start();

    expect(state().end).toMatchObject({ how: 'failed', error: { reason } });
  });

  test('connecting → ended, failed: no microphone, and no token was taken', async () => {
    const { session, minter, audio, state } = setUp();
    audio.refuses = new Error('NotAllowedError');

    await session.start();

    expect(state().end).toEqual({ how: 'failed', error: audio.refuses });
    expect(minter.calls).toEqual([]);
  });

  test('connecting → ended, failed: a close that only the operator can cure', async () => {
    const { session, gemini, state } = setUp();
    const started = session.start();
    await settle();
    gemini.last.end(1008, 'models/x is not found for API version v1beta');
    await started;

    expect(state()).toMatchObject({ end: { how: 'failed' }, lastClose: { kind: 'model-not-found', next: 'operator' } });
  });

  test('connecting → ended, failed: five attempts that die, with growing waits', async () => {
    const { session, gemini, clock, minter, state } = setUp();
    void session.start();
    for (const wait of [0, 500, 1000, 2000, 4000]) {
      await clock.advance(wait - 1);
      const before = gemini.sockets.length;
      await clock.advance(1);
      expect(gemini.sockets).toHaveLength(before + (wait ? 1 : 0));
      gemini.last.end(1011, 'Internal error encountered.');
    }
    await settle();

    expect(state()).toMatchObject({ status: 'ended', end: { how: 'failed' } });
    expect(minter.takes).toHaveLength(5);
  });

  test('live → resuming → live, with the newest handle, after a drop', async () => {
    const { start, reopen, offer, gemini, minter, seen, state } = setUp();
    await start();
    offer('h2');

    gemini.last.end(1006);
    expect(state().status).toBe('resuming');
    await reopen(500);

    expect(seen).toEqual(['idle', 'connecting', 'live', 'resuming', 'live']);
    expect(minter.takes.map(({ resumptionHandle }) => resumptionHandle)).toEqual([undefined, 'h2']);
    expect(state()).toMatchObject({ connections: 2, conversation: 1, lastClose: { kind: 'dropped' } });
  });

  test('resuming → ended, stopped', async () => {
    const { start, gemini, session, clock, minter, state } = setUp();
    await start();
    gemini.last.end(1006);

    await session.stop();
    await clock.advance(60_000);

    expect(state()).toMatchObject({ status: 'ended', end: { how: 'stopped' } });
    expect(minter.takes).toHaveLength(1);
  });

  test('resuming → ended, refused', async () => {
    const { start, gemini, clock, minter, state } = setUp();
    await start();
    minter.refusals = [refusal('permission-denied', 'USER_BLOCKED')];
    gemini.last.end(1006);
    await clock.advance(500);

    expect(state().end).toMatchObject({ how: 'refused', error: { reason: 'USER_BLOCKED' } });
  });

  test('resuming → ended, failed: nobody answers', async () => {
    const { start, gemini, clock, minter, state } = setUp();
    await start();
    minter.refusals = Array(4).fill(refusal('functions/internal'));
    gemini.last.end(1006);
    await clock.advance(30_000);

    expect(state().end).toMatchObject({ how: 'failed', error: { reason: 'UNREACHABLE' } });
  });

  test('live → ended, failed: a message that Gemini refuses', async () => {
    const { start, gemini, state } = setUp();
    await start();

    gemini.last.end(1007, 'explicit activity control is not supported');

    expect(state()).toMatchObject({ status: 'ended', end: { how: 'failed' }, lastClose: { kind: 'bad-message' } });
  });

  test('ended → connecting: a new conversation from nothing', async () => {
    const { start, session, minter, state } = setUp();
    await start();
    session.sendText('Hello');
    await session.stop();

    await start();

    expect(state()).toMatchObject({ status: 'live', transcript: [], conversation: 1, connections: 1 });
    expect(minter.takes.map(({ resumptionHandle }) => resumptionHandle)).toEqual([undefined, undefined]);
  });

  test('what the audio says after the end is ignored', async () => {
    const { start, session, audio, gemini, state } = setUp();
    await start();
    const events = audio.events;
    await session.stop();
    const ended = state();
    events?.onPlaying(true);
    events?.onMicrophone(new Uint8Array(640));

    expect(state()).toBe(ended);
    expect(gemini.last.sounds).toEqual([]);
  });

  test('a stop before the start does nothing', async () => {
    const { session, seen } = setUp();
    await session.stop();

    expect(seen).toEqual(['idle']);
  });

  test('a second start joins the first', async () => {
    const { session, minter, gemini } = setUp();
    void session.start();
    void session.start();
    await settle();

    expect({ takes: minter.takes.length, sockets: gemini.sockets.length }).toEqual({ takes: 1, sockets: 1 });
  });
});
