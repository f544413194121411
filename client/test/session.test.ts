import { describe, expect, test } from 'vitest';
import { createLiveSession, createLiveTokens, type LiveSessionOptions, type LiveState } from '../src/index.js';
import { answer, refusal, time } from './answers.js';
import { FakeAudio, FakeGemini } from './fake-gemini.js';
import { settle, VirtualClock } from './virtual-clock.js';

type Call = { session?: string; resumptionHandle?: string; end?: string };

/** A function of the contract, whose clock moves with that of the test. */
class FakeFunction {
  readonly calls: Call[] = [];
  /** Thrown by the next calls that are no `end`. */
  refusals: Error[] = [];
  leaseSeconds: number | undefined;
  lastLease = false;
  sessions = 0;
  #start: number;
  #leasedUntil = 0;

  constructor(private readonly clock: VirtualClock) {
    this.#start = clock.now();
  }

  readonly callable = async (data: Call = {}): Promise<{ data: unknown }> => {
    this.calls.push(JSON.parse(JSON.stringify(data)));
    if (data.end) return { data: { ended: data.end } };
    const refused = this.refusals.shift();
    if (refused) throw refused;
    const at = Math.floor((this.clock.now() - this.#start) / 1000);
    if (!this.leaseSeconds) return { data: answer(this.calls.length, { at }) };
    const id = data.session ?? `s${++this.sessions}`;
    const renewable = this.#leasedUntil - this.leaseSeconds / 3;
    if (!data.session || at >= renewable) {
      this.#leasedUntil = (data.session ? Math.max(at, this.#leasedUntil) : at) + this.leaseSeconds;
    }
    const renewAfter = this.lastLease ? null : time(this.#leasedUntil - this.leaseSeconds / 3);
    const renewBefore = this.lastLease ? null : time(this.#leasedUntil - Math.min(10, this.leaseSeconds / 6));
    const session = { id, endsAt: time(9000), renewAfter, renewBefore, leaseSeconds: this.leaseSeconds };
    return { data: answer(this.calls.length, { at, lives: this.#leasedUntil - at, session }) };
  };

  get takes(): Call[] {
    return this.calls.filter(({ end }) => end === undefined);
  }

  get ended(): unknown[] {
    return this.calls.flatMap(({ end }) => end ?? []);
  }
}

function setUp(options: Partial<LiveSessionOptions> & { leaseSeconds?: number } = {}) {
  const clock = new VirtualClock();
  const minter = new FakeFunction(clock);
  minter.leaseSeconds = options.leaseSeconds;
  const gemini = new FakeGemini();
  const audio = new FakeAudio();
  const tokens = createLiveTokens(minter.callable, { clock, random: () => 1 });
  const session = createLiveSession({ tokens, audio, clock, createSocket: gemini.createSocket, ...options });
  const seen: LiveState['status'][] = ['idle'];
  session.subscribe(() => {
    const { status } = session.getState();
    if (status !== seen.at(-1)) seen.push(status);
  });
  const offer = (newHandle: string) => gemini.last.say({ sessionResumptionUpdate: { newHandle, resumable: true } });
  async function start(): Promise<void> {
    void session.start();
    await settle();
    gemini.last.open();
    offer('h1');
    await settle();
  }
  /** Lets the next connection open, after so many milliseconds. */
  async function reopen(milliseconds = 0): Promise<void> {
    await clock.advance(milliseconds);
    gemini.last.open();
    await settle();
  }
  return { clock, minter, gemini, audio, session, seen, offer, start, reopen, state: session.getState };
}

const says = (text: string, more: object = {}) => ({ serverContent: { outputTranscription: { text }, ...more } });
const TURN_COMPLETE = { serverContent: { turnComplete: true } };
const lines = ({ transcript }: LiveState) => transcript.map(({ who, text }) => `${who}: ${text}`);

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

  test('a second start joins the first', async () => {
    const { session, minter, gemini } = setUp();
    void session.start();
    void session.start();
    await settle();

    expect({ takes: minter.takes.length, sockets: gemini.sockets.length }).toEqual({ takes: 1, sockets: 1 });
  });
});

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

  test('when it is muted, a second of quiet follows, and then nothing', async () => {
    const { start, gemini, audio, session, state } = setUp();
    await start();
    audio.events?.onMicrophone(chunk(7, 16_000));
    session.mute(true);
    for (let half = 0; half < 6; half++) audio.events?.onMicrophone(chunk(8, 16_000));
    session.mute(false);
    audio.events?.onMicrophone(chunk(9, 16_000));

    expect(values(gemini.last.sounds)).toEqual([7, 0, 0, 9]);
    expect(state().muted).toBe(false);
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

describe('tools', () => {
  const call = (id: string, name: string, args?: object) => ({ toolCall: { functionCalls: [{ id, name, args }] } });
  const responses = (sent: Record<string, never>[]) =>
    sent.flatMap(
      ({ toolResponse }) => (toolResponse as { functionResponses: object[] } | undefined)?.functionResponses ?? [],
    );

  test('run with their arguments, and answer with id and name', async () => {
    const { start, gemini } = setUp({ tools: { double: ({ number }: { number: number }) => 2 * number } });
    await start();
    gemini.last.say(call('c1', 'double', { number: 21 }));
    await settle();

    expect(responses(gemini.last.sent)).toEqual([{ id: 'c1', name: 'double', response: { result: 42 } }]);
  });

  test.each([
    ['broken', 'It broke.'],
    ['unknown', 'There is no tool unknown.'],
    ['toString', 'There is no tool toString.'],
  ])('that fail answer with the error: %s', async (name, error) => {
    const tools = {
      broken: async () => {
        throw new Error('It broke.');
      },
    };
    const { start, gemini } = setUp({ tools });
    await start();
    gemini.last.say(call('c1', name));
    await settle();

    expect(responses(gemini.last.sent)).toEqual([{ id: 'c1', name, response: { error } }]);
  });

  test('that are cancelled know it, and do not answer', async () => {
    let finish: (value: string) => void = () => {};
    let cancelled: (() => boolean) | undefined;
    const tools = {
      slow: (_: unknown, running: { cancelled: boolean }) => {
        cancelled = () => running.cancelled;
        return new Promise<string>((resolve) => (finish = resolve));
      },
    };
    const { start, gemini, state } = setUp({ tools });
    await start();
    gemini.last.say(call('c1', 'slow'));
    expect(state().runningTools).toEqual(['slow']);
    gemini.last.say({ toolCallCancellation: { ids: ['c1'] } });
    expect({ tools: state().runningTools, cancelled: cancelled?.() }).toEqual({ tools: [], cancelled: true });
    finish('late');
    await settle();

    expect(responses(gemini.last.sent)).toEqual([]);
  });

  test('of a lost connection do not answer on the next', async () => {
    let finish: (value: string) => void = () => {};
    const { start, reopen, gemini } = setUp({
      tools: { slow: () => new Promise<string>((resolve) => (finish = resolve)) },
    });
    await start();
    gemini.last.say(call('c1', 'slow'));
    gemini.last.end(1006);
    await reopen(500);
    finish('late');
    await settle();

    expect(responses(gemini.last.sent)).toEqual([]);
  });
});
