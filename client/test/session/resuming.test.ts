import { describe, expect, test } from 'vitest';
import { refusal } from '../answers.js';
import { settle } from '../virtual-clock.js';
import { setUp } from './set-up.js';

describe('resuming', () => {
  test.each([
    [1000, 'The operation was cancelled.'],
    [1008, 'The operation was aborted.'],
    [1011, 'Deadline expired before operation could complete.'],
    [1011, 'Internal error encountered.'],
    [1000, ''],
    [1001, ''],
    [1012, ''],
    [1006, ''],
  ])('after a close with %i %s', async (code, reason) => {
    const { start, reopen, gemini, minter, state } = setUp();
    await start();

    gemini.last.end(code, reason);
    await reopen(500);

    expect(state()).toMatchObject({ status: 'live', conversation: 1 });
    expect(minter.takes.at(-1)).toEqual({ resumptionHandle: 'h1' });
  });

  test('a handle that Gemini does not know is dropped at once, and the app is told', async () => {
    const { start, reopen, gemini, clock, minter, state } = setUp({ leaseSeconds: 600 });
    await start();
    gemini.last.end(1006);
    await clock.advance(500);
    gemini.last.end(1008, 'BidiGenerateContent session not found');
    await reopen(1000);

    expect(minter.takes.map(({ session, resumptionHandle }) => [session, resumptionHandle])).toEqual([
      [undefined, undefined],
      ['s1', 'h1'],
      [undefined, undefined],
    ]);
    expect(minter.ended).toEqual(['s1']);
    expect(state()).toMatchObject({ status: 'live', conversation: 2 });
  });

  test('a handle that the function refuses is dropped', async () => {
    const { start, reopen, gemini, minter, state } = setUp();
    await start();
    minter.refusals = [refusal('invalid-argument', 'INVALID_RESUMPTION_HANDLE')];
    gemini.last.end(1006);
    await reopen(1000);

    expect(minter.takes.at(-1)).toEqual({});
    expect(state()).toMatchObject({ status: 'live', conversation: 2 });
  });

  test('a handle of which three connections in a row died is dropped', async () => {
    const { start, reopen, gemini, minter } = setUp();
    await start();
    for (let attempt = 1; attempt <= 3; attempt++) {
      gemini.last.end(1011, 'Internal error encountered.');
      await reopen(4000);
    }

    expect(minter.takes.map(({ resumptionHandle }) => resumptionHandle)).toEqual([undefined, 'h1', 'h1', undefined]);
  });

  test('a network that comes and goes does not cost the conversation', async () => {
    const { start, reopen, gemini, minter } = setUp();
    await start();
    for (let attempt = 1; attempt <= 4; attempt++) {
      gemini.last.end(1006);
      await reopen(4000);
    }

    expect(minter.takes.at(-1)?.resumptionHandle).toBe('h1');
  });

  test('a connection that lived for ten seconds makes the next one the first attempt again', async () => {
    const { start, reopen, gemini, clock, state } = setUp();
    await start();
    for (let drop = 1; drop <= 4; drop++) {
      gemini.last.end(1006);
      await reopen(4000);
    }
    await clock.advance(10_000);
    gemini.last.end(1006);
    await reopen();

    expect(state()).toMatchObject({ status: 'live', connections: 6 });
  });

  test('a conversation that starts anew has no handle until one comes', async () => {
    const { start, reopen, gemini, minter } = setUp();
    await start();
    gemini.last.end(1008, 'BidiGenerateContent session not found');
    await reopen(500);
    gemini.last.say({ goAway: { timeLeft: '50s' } });
    await settle();
    expect(minter.takes).toHaveLength(2);

    gemini.last.say({ sessionResumptionUpdate: { newHandle: 'new', resumable: true } });
    await settle();
    expect(minter.takes.at(-1)).toEqual({ resumptionHandle: 'new' });
  });

  test('a socket that sends nothing any more is given up', async () => {
    const { start, gemini, audio, state } = setUp();
    await start();
    gemini.last.bufferedAmount = 500_000;

    audio.events?.onMicrophone(new Uint8Array(640));

    expect(state().status).toBe('resuming');
  });

  test('a close in the same moment as setupComplete is followed by one connection', async () => {
    const { session, reopen, gemini, state, clock } = setUp();
    void session.start();
    await settle();
    gemini.last.open();
    gemini.last.end(1006);
    await settle();
    expect(state().status).toBe('resuming');
    await reopen(500);
    await clock.advance(20_000);

    expect(gemini.sockets).toHaveLength(2);
    expect(state()).toMatchObject({ status: 'live', connections: 2 });
  });

  test('a planned change after a bad start does not wait', async () => {
    const { start, reopen, gemini, clock } = setUp();
    await start();
    gemini.last.end(1006);
    await reopen(500);
    await clock.advance(10_000);
    gemini.last.say({ goAway: { timeLeft: '50s' } });
    await settle();

    expect(gemini.sockets).toHaveLength(3);
  });

  test('words written meanwhile are sent when it is live again', async () => {
    const { start, reopen, gemini, session } = setUp();
    await start();
    gemini.last.end(1006);
    session.sendText('Are you there?');
    await reopen(500);

    expect(gemini.last.texts).toEqual(['Are you there?']);
  });
});
