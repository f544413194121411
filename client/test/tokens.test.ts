import { describe, expect, test } from 'vitest';
import { createLiveTokens, type LiveTokenError, type LiveTokensOptions } from '../src/index.js';
import { answer, refusal } from './answers.js';
import { settle, VirtualClock } from './virtual-clock.js';

/** A callable that gives each of these in turn: an error is thrown, a function is called. The last one is repeated. */
function scripted(...script: unknown[]) {
  const sent: Record<string, unknown>[] = [];
  const callable = async (data?: Record<string, unknown>) => {
    const turn = script[Math.min(sent.length, script.length - 1)];
    sent.push(data ?? {});
    const given = typeof turn === 'function' ? await turn(data) : turn;
    if (given instanceof Error) throw given;
    return { data: given };
  };
  return { callable, sent };
}

function numbered() {
  let number = 0;
  return scripted(() => answer(++number));
}

const clock = () => new VirtualClock();
const create = (callable: Parameters<typeof createLiveTokens>[0], options: LiveTokensOptions = {}) =>
  createLiveTokens(callable, { random: () => 1, ...options });

describe('take', () => {
  test('each call gets a token of its own', async () => {
    const { callable } = numbered();
    const tokens = create(callable);

    const [one, other] = await Promise.all([tokens.take(), tokens.take()]);

    expect([one.token, other.token].sort()).toEqual(['auth_tokens/1', 'auth_tokens/2']);
  });

  test('the call names profile, choices, handle and session', async () => {
    const { callable, sent } = numbered();

    const tokens = create(callable, { profile: 'tutor', choices: { voice: 'Puck' } });
    await tokens.take({ resumptionHandle: 'h', session: 's' });

    expect(sent).toEqual([{ profile: 'tutor', choices: { voice: 'Puck' }, resumptionHandle: 'h', session: 's' }]);
  });

  test('an answer that is none of the function is an error that says so, without repeating it', async () => {
    const { callable } = scripted({ token: 'auth_tokens/secret', websocketUrl: 'https://elsewhere' });

    const error = await create(callable)
      .take()
      .catch((thrown: LiveTokenError) => thrown);

    expect(error).toMatchObject({ name: 'LiveTokenError', reason: 'UNEXPECTED_ANSWER', next: 'fix' });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });
});

describe('retries', () => {
  test('an outage is tried again after growing waits, four times in all', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(refusal('functions/unavailable', 'GEMINI_UNAVAILABLE'));
    const taken = create(callable, { clock: virtual })
      .take()
      .catch((error: LiveTokenError) => error);
    const calls = async (milliseconds: number) => {
      await virtual.advance(milliseconds);
      return sent.length;
    };

    expect(await calls(0)).toBe(1);
    expect(await calls(499)).toBe(1);
    expect(await calls(1)).toBe(2);
    expect(await calls(999)).toBe(2);
    expect(await calls(1)).toBe(3);
    expect(await calls(1999)).toBe(3);
    expect(await calls(1)).toBe(4);
    expect(await calls(60_000)).toBe(4);
    expect(await taken).toMatchObject({ reason: 'GEMINI_UNAVAILABLE', next: 'retry', requestId: 'r1' });
  });

  test('waits are spread between half and all of the back-off', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(refusal('unavailable', 'GEMINI_UNAVAILABLE'), answer(1));
    void create(callable, { clock: virtual, random: () => 0 }).take();

    await virtual.advance(249);
    expect(sent).toHaveLength(1);
    await virtual.advance(1);
    expect(sent).toHaveLength(2);
  });

  test('retryAfterSeconds is obeyed where it is longer than the back-off', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(
      refusal('unavailable', 'GEMINI_UNAVAILABLE', { retryAfterSeconds: 5 }),
      answer(1),
    );
    const taken = create(callable, { clock: virtual }).take();

    await virtual.advance(4999);
    expect(sent).toHaveLength(1);
    await virtual.advance(1);
    expect((await taken).token).toBe('auth_tokens/1');
  });

  test('nobody waits for longer than ten seconds', async () => {
    const { callable, sent } = scripted(refusal('unavailable', 'QUOTA_UNAVAILABLE', { retryAfterSeconds: 11 }));

    await expect(create(callable).take()).rejects.toMatchObject({ next: 'retry', retryAfterSeconds: 11 });
    expect(sent).toHaveLength(1);
  });

  test.each([
    ['resource-exhausted', 'HOURLY_QUOTA_EXCEEDED', 'wait', { retryAfterSeconds: 120 }],
    ['permission-denied', 'USER_BLOCKED', 'stop', {}],
    ['invalid-argument', 'MALFORMED_REQUEST', 'fix', {}],
    ['unauthenticated', 'ID_TOKEN_REVOKED', 'sign-in', {}],
    ['internal', 'INTERNAL', 'stop', {}],
  ])('%s %s is not tried again: %s', async (code, reason, next, details) => {
    const { callable, sent } = scripted(refusal(code, reason, details));

    await expect(create(callable).take()).rejects.toMatchObject({ reason, next, ...details });
    expect(sent).toHaveLength(1);
  });

  test('a caller who no longer wants the token ends the attempts', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(refusal('unavailable', 'GEMINI_UNAVAILABLE'));
    let wanted = true;
    const taken = create(callable, { clock: virtual }).take({ stillWanted: () => wanted });
    taken.catch(() => {});
    await settle();

    wanted = false;
    await virtual.advance(60_000);

    await expect(taken).rejects.toMatchObject({ reason: 'GEMINI_UNAVAILABLE' });
    expect(sent).toHaveLength(1);
  });

  test('a call without an answer is given up after a minute', async () => {
    const virtual = clock();
    const { callable } = scripted(() => new Promise(() => {}));
    const taken = create(callable, { clock: virtual }).take({ stillWanted: () => false });
    taken.catch(() => {});

    await virtual.advance(60_000);

    await expect(taken).rejects.toMatchObject({ reason: 'UNREACHABLE', next: 'retry' });
  });

  test('a lease that was charged is named in the next attempt', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(refusal('unavailable', 'GEMINI_UNAVAILABLE', { session: 's1' }), answer(1));
    const taken = create(callable, { clock: virtual }).take();

    await virtual.advance(1000);

    await taken;
    expect(sent.map(({ session }) => session)).toEqual([undefined, 's1']);
  });

  test('an outage costs one lease: where it cannot be asked for again, it is ended, and the outage is the error', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(
      refusal('unavailable', 'GEMINI_UNAVAILABLE', { session: 's1' }),
      refusal('permission-denied', 'SESSION_ENDED'),
      { ended: 's1' },
      answer(1),
    );
    const taken = create(callable, { clock: virtual }).take();
    taken.catch(() => {});

    await virtual.advance(60_000);

    await expect(taken).rejects.toMatchObject({ reason: 'GEMINI_UNAVAILABLE', next: 'retry' });
    expect(sent.map(({ session, end }) => session ?? end)).toEqual([undefined, 's1', 's1']);
  });
});

describe('a sign-in that is too old', () => {
  test.each(['ID_TOKEN_EXPIRED', 'ID_TOKEN_INVALID'])('%s: the ID token is refreshed once', async (reason) => {
    let refreshed = 0;
    const { callable, sent } = scripted(refusal('unauthenticated', reason));
    const tokens = create(callable, { refreshIdToken: async () => ++refreshed });

    await expect(tokens.take()).rejects.toMatchObject({ reason, next: 'sign-in' });
    expect({ refreshed, calls: sent.length }).toEqual({ refreshed: 1, calls: 2 });
  });

  test('a refreshed ID token gets a token', async () => {
    const { callable } = scripted(refusal('unauthenticated', 'ID_TOKEN_EXPIRED'), answer(1));

    const taken = await create(callable, { refreshIdToken: async () => {} }).take();
    expect(taken.token).toBe('auth_tokens/1');
  });

  test('without a way to refresh, it is an error at once', async () => {
    const { callable, sent } = scripted(refusal('unauthenticated', 'ID_TOKEN_EXPIRED'));

    await expect(create(callable).take()).rejects.toMatchObject({ next: 'sign-in' });
    expect(sent).toHaveLength(1);
  });
});

describe('prefetch', () => {
  test('the token is there before it is asked for, and handed out once', async () => {
    const { callable, sent } = numbered();
    const tokens = create(callable);

    tokens.prefetch();
    tokens.prefetch();
    await settle();
    expect(sent).toHaveLength(1);
    const taken = [await tokens.take(), await tokens.take()];

    expect(taken.map(({ token }) => token)).toEqual(['auth_tokens/1', 'auth_tokens/2']);
  });

  test('ten seconds before it is too old it is not used, counted from when the call was sent', async () => {
    const virtual = clock();
    let number = 0;
    const { callable } = scripted(async () => {
      await new Promise<void>((resolve) => virtual.after(2000, resolve)); // a slow answer
      return answer(++number);
    });
    const tokens = create(callable, { clock: virtual });
    const firstToken = async (age: number) => {
      tokens.prefetch();
      await virtual.advance(age);
      const taken = tokens.take();
      await virtual.advance(2000);
      return (await taken).token;
    };

    expect(await firstToken(49_999)).toBe('auth_tokens/1');
    expect(await firstToken(50_000)).toBe('auth_tokens/3');
  });

  test('it is not used when the clock was set back, because its age is not known then', async () => {
    let now = 1_000_000;
    const { callable } = numbered();
    const tokens = create(callable, { clock: { now: () => now, after: () => () => {} } });
    tokens.prefetch();
    await settle();
    now -= 1;

    expect((await tokens.take()).token).toBe('auth_tokens/2');
  });

  test('one that is too old gives its session back before the next is taken', async () => {
    const virtual = clock();
    const session = { id: 's1', endsAt: '', renewAfter: null, renewBefore: null, leaseSeconds: 30 };
    const { callable, sent } = scripted(answer(1, { session }), { ended: 's1' }, answer(2));
    const tokens = create(callable, { clock: virtual });
    tokens.prefetch();
    await virtual.advance(60_000);

    expect((await tokens.take()).token).toBe('auth_tokens/2');
    expect(sent.map(({ end }) => end)).toEqual([undefined, 's1', undefined]);
  });

  test('one that is too old is replaced by the next prefetch, which gives its session back', async () => {
    const virtual = clock();
    const session = { id: 's1', endsAt: '', renewAfter: null, renewBefore: null, leaseSeconds: 30 };
    const { callable, sent } = scripted(answer(1, { session }), { ended: 's1' }, answer(2), answer(3));
    const tokens = create(callable, { clock: virtual });
    tokens.prefetch();
    await virtual.advance(50_000);
    tokens.prefetch();
    await settle();

    expect(sent.map(({ end }) => end)).toEqual([undefined, 's1', undefined]);
    expect((await tokens.take()).token).toBe('auth_tokens/2');
    expect(sent).toHaveLength(3);
    expect((await tokens.take()).token).toBe('auth_tokens/3');
  });

  test.each([{ resumptionHandle: 'h' }, { session: 's' }])('it is not used for %o', async (request) => {
    const { callable } = numbered();
    const tokens = create(callable);
    tokens.prefetch();

    expect((await tokens.take(request)).token).toBe('auth_tokens/2');
    expect((await tokens.take()).token).toBe('auth_tokens/1');
  });

  test('one that failed is forgotten', async () => {
    const { callable } = scripted(refusal('permission-denied', 'USER_BLOCKED'), answer(2));
    const tokens = create(callable);
    tokens.prefetch();
    await settle();

    expect((await tokens.take()).token).toBe('auth_tokens/2');
  });

  test('clear ends its attempts', async () => {
    const virtual = clock();
    const { callable, sent } = scripted(refusal('unavailable', 'GEMINI_UNAVAILABLE'));
    const tokens = create(callable, { clock: virtual });
    tokens.prefetch();
    await settle();
    tokens.clear();
    await virtual.advance(60_000);

    expect(sent).toHaveLength(1);
  });

  test('clear drops it, and gives its session back', async () => {
    const session = { id: 's1', endsAt: '', renewAfter: null, renewBefore: null, leaseSeconds: 30 };
    const { callable, sent } = scripted(answer(1, { session }), { ended: 's1' }, answer(2));
    const tokens = create(callable);
    tokens.prefetch();
    tokens.clear();
    await settle();

    expect(sent.map(({ end }) => end)).toEqual([undefined, 's1']);
    expect((await tokens.take()).token).toBe('auth_tokens/2');
  });
});

describe('an error', () => {
  test.each([
    ['functions/internal', 'UNREACHABLE', 'retry'], // the JavaScript SDK, offline
    ['unavailable', 'UNREACHABLE', 'retry'], // React Native Firebase on Android, offline
    ['unknown', 'UNREACHABLE', 'retry'], // React Native Firebase on iOS, offline
    ['functions/deadline-exceeded', 'UNREACHABLE', 'retry'],
    ['functions/resource-exhausted', 'UNREACHABLE', 'retry'], // Cloud Run has no instance
    ['functions/permission-denied', 'UNEXPECTED_ANSWER', 'fix'], // Cloud Run refuses: the function is not public
    ['functions/not-found', 'UNEXPECTED_ANSWER', 'fix'],
  ])('%s without details is %s', async (code, reason, next) => {
    const { callable } = scripted(refusal(code));

    await expect(create(callable).take({ stillWanted: () => false })).rejects.toMatchObject({ reason, next });
  });

  test('a pause without an end is nothing to wait for', async () => {
    const endless = scripted(refusal('permission-denied', 'SERVICE_PAUSED')).callable;
    const short = scripted(refusal('permission-denied', 'SERVICE_PAUSED', { retryAfterSeconds: 60 })).callable;

    await expect(create(endless).take()).rejects.toMatchObject({ next: 'stop' });
    await expect(create(short).take()).rejects.toMatchObject({ next: 'wait', retryAfterSeconds: 60 });
  });

  test.each([
    ['resource-exhausted', 'wait'],
    ['unavailable', 'retry'],
    ['permission-denied', 'stop'],
  ])('a reason of a newer function is judged by its status %s', async (code, next) => {
    const { callable } = scripted(refusal(code, 'REASON_OF_TOMORROW', { retryAfterSeconds: 60 }));

    await expect(create(callable).take()).rejects.toMatchObject({ reason: 'REASON_OF_TOMORROW', next });
  });

  test('the HTTP status that the JavaScript SDK 13 adds is not shown to users', async () => {
    const error = Object.assign(refusal('permission-denied', 'USER_BLOCKED'), { message: 'You are blocked. [403]' });

    await expect(create(scripted(error).callable).take()).rejects.toMatchObject({ message: 'You are blocked.' });
  });

  test('open sessions and the period of minutes are passed on', async () => {
    const many = refusal('resource-exhausted', 'TOO_MANY_SESSIONS', { sessions: ['a'], retryAfterSeconds: 9 });
    const minutes = refusal('resource-exhausted', 'MINUTES_EXCEEDED', { period: 'day', retryAfterSeconds: 9 });

    await expect(create(scripted(many).callable).take()).rejects.toMatchObject({ sessions: ['a'] });
    await expect(create(scripted(minutes).callable).take()).rejects.toMatchObject({ period: 'day' });
  });
});
