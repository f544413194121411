import { describe, expect, test } from 'vitest';
import { refusal } from '../answers.js';
import { settle } from '../virtual-clock.js';
import { says, setUp, TURN_COMPLETE } from './set-up.js';

describe('a goAway', () => {
  const GO_AWAY = { goAway: { timeLeft: '50s' } };

  test('changes the connection at once in a pause: the token first, then the old socket closed, then the new', async () => {
    const { start, reopen, gemini, minter, state } = setUp();
    await start();

    gemini.last.say(GO_AWAY);
    await settle();
    expect(minter.takes).toHaveLength(2);
    expect(gemini.sockets.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    await reopen();

    expect(gemini.mostOpen).toBe(1);
    expect(state()).toMatchObject({ status: 'live', connections: 2, conversation: 1 });
  });

  test('waits for the end of the turn', async () => {
    const { start, gemini, offer } = setUp();
    await start();
    gemini.last.say(says('Well, '));
    gemini.last.say(GO_AWAY);
    await settle();
    expect(gemini.sockets).toHaveLength(1);

    gemini.last.say({ sessionResumptionUpdate: { resumable: false } });
    gemini.last.say(TURN_COMPLETE);
    await settle();
    expect(gemini.sockets).toHaveLength(1);

    offer('h2');
    await settle();
    expect(gemini.sockets).toHaveLength(2);
  });

  test('waits until the sound was heard and the tools have run', async () => {
    let finish = () => {};
    const tools = { look: () => new Promise<void>((resolve) => (finish = resolve)) };
    const { start, gemini, audio } = setUp({ tools });
    await start();
    audio.events?.onPlaying(true);
    gemini.last.say({ toolCall: { functionCalls: [{ id: '1', name: 'look' }] } });
    gemini.last.say(GO_AWAY);
    gemini.last.say(TURN_COMPLETE);
    audio.events?.onPlaying(false);
    await settle();
    expect(gemini.sockets).toHaveLength(1);
    audio.events?.onPlaying(true);
    finish();
    await settle();
    expect(gemini.sockets).toHaveLength(1);

    audio.events?.onPlaying(false);
    await settle();
    expect(gemini.sockets).toHaveLength(2);
  });

  test('does not wait for longer than two seconds before the end', async () => {
    const { start, gemini, clock } = setUp();
    await start();
    gemini.last.say(says('A long story: '));
    gemini.last.say(GO_AWAY);

    await clock.advance(47_999);
    expect(gemini.sockets).toHaveLength(1);
    await clock.advance(1);
    expect(gemini.sockets).toHaveLength(2);
  });

  test('a turn of several parts is over when the model is idle', async () => {
    const { start, gemini } = setUp();
    await start();
    gemini.last.say(says('One. '));
    gemini.last.say(GO_AWAY);
    gemini.last.say({ serverContent: { turnComplete: true, interactionStatus: 'IN_PROGRESS' } });
    await settle();
    expect(gemini.sockets).toHaveLength(1);

    gemini.last.say({ serverContent: { interactionStatus: 'IDLE' } });
    await settle();
    expect(gemini.sockets).toHaveLength(2);
  });

  test('a turn between token and change makes it take another with the newer handle', async () => {
    const { start, gemini, minter, offer, session } = setUp();
    await start();
    gemini.last.say(GO_AWAY);
    session.sendText('One more thing'); // before the token has come
    await settle();
    expect(gemini.sockets).toHaveLength(1);
    gemini.last.say(says('Yes.'));
    offer('h2');
    gemini.last.say(TURN_COMPLETE);
    await settle();

    expect(minter.takes.map(({ resumptionHandle }) => resumptionHandle)).toEqual([undefined, 'h1', 'h2']);
    expect(gemini.sockets).toHaveLength(2);
  });

  describe('whose next token comes when the connection has dropped', () => {
    async function dropMeanwhile(refusals: Error[]) {
      const use = setUp();
      await use.start();
      let give = () => {};
      use.minter.answers = new Promise<void>((resolve) => (give = resolve));
      use.minter.refusals = refusals;
      use.gemini.last.say(GO_AWAY);
      use.gemini.last.end(1006);
      await use.clock.advance(500);
      expect(use.minter.takes).toHaveLength(3);
      give();
      await use.reopen();
      return use;
    }

    test('does not use that token later', async () => {
      const { gemini, minter, state } = await dropMeanwhile([]);
      gemini.last.say(GO_AWAY);
      await settle();

      expect(minter.takes).toHaveLength(4);
      expect(state()).toMatchObject({ connections: 2 });
    });

    test('does not show its refusal', async () => {
      const { state } = await dropMeanwhile([refusal('permission-denied', 'USER_BLOCKED')]);

      expect(state()).toMatchObject({ status: 'live', refusal: undefined });
    });
  });

  test('an old socket that does not close is waited for one second', async () => {
    const { start, gemini, clock } = setUp();
    gemini.answersClose = false;
    await start();
    gemini.last.say(GO_AWAY);

    await clock.advance(999);
    expect(gemini.sockets).toHaveLength(1);
    await clock.advance(1);
    expect(gemini.sockets).toHaveLength(2);
  });
});
