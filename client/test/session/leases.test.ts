import { describe, expect, test } from 'vitest';
import { refusal } from '../answers.js';
import { settle } from '../virtual-clock.js';
import { says, setUp } from './set-up.js';

describe('leases', () => {
  test('a goAway shortly before a renewal waits for it, so that the connection changes once', async () => {
    const { start, reopen, gemini, clock, minter } = setUp({ leaseSeconds: 600 });
    await start();
    await clock.advance(390_000);
    gemini.last.say({ goAway: { timeLeft: '50s' } });
    await clock.advance(10_999);
    expect(minter.takes).toHaveLength(1);
    await clock.advance(1);
    await reopen();
    await clock.advance(300_000);

    expect(minter.takes).toHaveLength(2);
  });

  test('are not put off by a goAway that leaves more time than the lease', async () => {
    const { start, gemini, clock, minter } = setUp({ leaseSeconds: 600 });
    await start();
    gemini.last.say(says('A long story: '));
    gemini.last.say({ goAway: { timeLeft: '900s' } });
    await clock.advance(589_000);

    expect(minter.takes).toHaveLength(2);
  });

  test('first connections that die cost one lease', async () => {
    const { session, gemini, minter, state, clock } = setUp({ leaseSeconds: 600 });
    void session.start();
    await settle();
    minter.refusals = [refusal('permission-denied', 'SESSION_ENDED')];
    gemini.last.end(1006);
    await clock.advance(60_000);

    expect(state()).toMatchObject({ end: { how: 'failed', error: { close: { kind: 'unreachable' } } } });
    expect({ sessions: minter.sessions, ended: minter.ended }).toEqual({ sessions: 1, ended: ['s1'] });
  });

  test('are renewed a second after renewAfter, in a pause', async () => {
    const { start, reopen, gemini, clock, minter, state } = setUp({ leaseSeconds: 600 });
    await start();

    await clock.advance(400_999);
    expect(minter.takes).toHaveLength(1);
    await clock.advance(1);
    expect(minter.takes.at(-1)).toEqual({ session: 's1', resumptionHandle: 'h1' });
    await reopen();

    expect(gemini.mostOpen).toBe(1);
    expect(state()).toMatchObject({ status: 'live', connections: 2, conversation: 1 });
  });

  test('are renewed a second before renewBefore at the latest, in the middle of a turn', async () => {
    const { start, gemini, clock, minter } = setUp({ leaseSeconds: 600 });
    await start();
    gemini.last.say(says('A long story: '));

    await clock.advance(588_999);
    expect(minter.takes).toHaveLength(1);
    await clock.advance(1);

    expect(minter.takes).toHaveLength(2);
    expect(gemini.sockets).toHaveLength(2);
  });

  test('follow each other for as long as the session lasts', async () => {
    const { start, reopen, clock, minter, state, offer } = setUp({ leaseSeconds: 30 });
    await start();
    for (let lease = 2; lease <= 5; lease++) {
      await clock.advance(30_000);
      await reopen();
      offer(`h${lease}`);
    }

    expect(minter.takes.map(({ resumptionHandle }) => resumptionHandle)).toEqual([undefined, 'h1', 'h2', 'h3', 'h4']);
    expect(new Set(minter.takes.slice(1).map(({ session }) => session))).toEqual(new Set(['s1']));
    expect(state().status).toBe('live');
  });

  test('the last one is not renewed', async () => {
    const { start, clock, minter, state } = setUp({ leaseSeconds: 600 });
    minter.lastLease = true;
    await start();

    await clock.advance(599_000);

    expect(minter.takes).toHaveLength(1);
    expect(state().renewal).toMatchObject({ from: Infinity });
  });

  test('a refused renewal does not end what was paid for', async () => {
    const { start, gemini, clock, minter, state } = setUp({ leaseSeconds: 600 });
    await start();
    const blocked = refusal('permission-denied', 'USER_BLOCKED');
    minter.refusals = [blocked, blocked];

    await clock.advance(401_000);
    expect(state()).toMatchObject({ status: 'live', refusal: { reason: 'USER_BLOCKED' } });
    await clock.advance(198_000);
    gemini.last.end(1011, 'auth token has expired');
    await settle();

    expect(state()).toMatchObject({ status: 'ended', end: { how: 'refused', error: { reason: 'USER_BLOCKED' } } });
  });

  test('a refusal is forgotten when the next token is given after all', async () => {
    const { start, reopen, gemini, clock, minter, state } = setUp({ leaseSeconds: 600 });
    await start();
    minter.refusals = [refusal('resource-exhausted', 'MINUTES_EXCEEDED', { retryAfterSeconds: 100 })];
    await clock.advance(599_000);
    gemini.last.end(1011, 'auth token has expired');
    await reopen();

    expect(state()).toMatchObject({ status: 'live', connections: 2 });
    expect(state().refusal).toBeUndefined();
  });

  test('the times of an earlier conversation mean nothing to the next', async () => {
    const { start, session, clock, minter } = setUp({ leaseSeconds: 600 });
    await start();
    await clock.advance(390_000);
    await session.stop();
    await start();
    await clock.advance(300_000);

    expect(minter.takes).toHaveLength(2);
  });

  test('a renewal that fails is tried again while there is time', async () => {
    const { start, reopen, clock, minter, state } = setUp({ leaseSeconds: 600 });
    await start();
    minter.refusals = Array(4).fill(refusal('unavailable', 'GEMINI_UNAVAILABLE'));

    await clock.advance(401_000 + 3500);
    expect(state()).toMatchObject({ status: 'live', connections: 1 });
    await clock.advance(5000);
    await reopen();

    expect(state()).toMatchObject({ status: 'live', connections: 2 });
  });

  test('the session is ended when the app stops', async () => {
    const { start, session, minter } = setUp({ leaseSeconds: 600 });
    await start();

    await session.stop();

    expect(minter.ended).toEqual(['s1']);
  });

  test('the session is ended when it fails', async () => {
    const { start, gemini, minter } = setUp({ leaseSeconds: 600 });
    await start();
    gemini.last.end(1007, 'explicit activity control is not supported');
    await settle();

    expect(minter.ended).toEqual(['s1']);
  });

  test('without sessions, a token is followed by the next before it ends', async () => {
    const { start, reopen, clock, minter, state } = setUp();
    await start();

    await clock.advance(840_000);
    await reopen();

    expect(minter.takes.at(-1)).toEqual({ resumptionHandle: 'h1' });
    expect(state()).toMatchObject({ status: 'live', connections: 2 });
  });

  test('the clock of the phone does not matter', async () => {
    const { start, state, clock } = setUp({ leaseSeconds: 600 });
    await start();

    expect(state().renewal).toEqual({
      from: clock.now() + 401_000,
      until: clock.now() + 589_000,
      end: clock.now() + 600_000,
    });
  });
});
