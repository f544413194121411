import { describe, expect, inject, test } from 'vitest';
import { connectLive, createLiveTokens, type LiveMessage } from '../../src/index.js';
import { createSocket, newTokens, newUser, WAYS } from './people.js';

const { functionUrl, geminiHost } = inject('stack');

describe.each(WAYS)('with %s', (_, tokensOf) => {
  test('a token opens a connection, and the model answers', async () => {
    const tokens = await tokensOf({}, functionUrl, true);
    let heard: (words: string) => void = () => {};
    const answered = new Promise<string>((resolve) => (heard = resolve));
    let words = '';
    const onMessage = ({ serverContent }: LiveMessage) => {
      words += serverContent?.outputTranscription?.text ?? '';
      if (serverContent?.turnComplete) heard(words);
    };
    const live = await connectLive(await tokens.take(), { onMessage }, { createSocket });
    live.send({ realtimeInput: { text: 'Hello' } });

    expect(await answered).toContain('stand-in');
    await live.close();
  });

  test('a used-up quota says when to come back', async () => {
    const tokens = await tokensOf({ profile: 'once' }, functionUrl, true);
    await tokens.take();

    const error = await tokens.take().catch((thrown) => thrown);

    expect(error).toMatchObject({
      name: 'LiveTokenError',
      reason: 'HOURLY_QUOTA_EXCEEDED',
      next: 'wait',
      retryAfterSeconds: expect.any(Number),
      requestId: expect.stringMatching(/\w+/),
    });
    expect(error.message).not.toMatch(/\[429\]/);
  });

  test('a profile that is not for the user is a reason to stop', async () => {
    const tokens = await tokensOf({ profile: 'no-such-profile' }, functionUrl, true);

    await expect(tokens.take()).rejects.toMatchObject({ reason: 'PROFILE_NOT_ALLOWED', next: 'stop' });
  });

  test('a user who is not signed in has to sign in', async () => {
    const tokens = await tokensOf({}, functionUrl, false);

    await expect(tokens.take()).rejects.toMatchObject({ reason: 'ID_TOKEN_MISSING', next: 'sign-in' });
  });

  test('another server is not the function', async () => {
    const tokens = await tokensOf({}, `http://${geminiHost}/elsewhere`, true);

    await expect(tokens.take()).rejects.toMatchObject({ reason: 'UNEXPECTED_ANSWER', next: 'fix' });
  });

  test('nobody at the address is unreachable', async () => {
    const tokens = await tokensOf({}, 'http://127.0.0.1:9', true);

    await expect(tokens.take({ stillWanted: () => false })).rejects.toMatchObject({
      reason: 'UNREACHABLE',
      next: 'retry',
    });
  });

  test('a session that was ended gives its slot back', async () => {
    const tokens = await tokensOf({ profile: 'leased' }, functionUrl, true);
    const { session } = await tokens.take();
    await expect(tokens.take()).rejects.toMatchObject({ reason: 'TOO_MANY_SESSIONS', sessions: [session?.id] });

    await tokens.end(String(session?.id));

    expect((await tokens.take()).session?.id).not.toBe(session?.id);
  });
});

test('an ID token that is none is refreshed once', async () => {
  const getIdToken = await newUser();
  const asked: boolean[] = [];
  const tokens = createLiveTokens({
    url: functionUrl,
    getIdToken: (forceRefresh) => {
      asked.push(forceRefresh);
      return forceRefresh ? getIdToken(true) : Promise.resolve('not-a-token');
    },
  });

  expect((await tokens.take()).token).toMatch(/^auth_tokens\//);
  expect(asked).toEqual([false, true]);
});

test('a user who signed out is told to sign in, although getIdToken throws', async () => {
  const auth = { currentUser: null as unknown as { getIdToken(force: boolean): Promise<string> } };
  const tokens = createLiveTokens({ url: functionUrl, getIdToken: (force) => auth.currentUser.getIdToken(force) });

  await expect(tokens.take()).rejects.toMatchObject({ reason: 'ID_TOKEN_MISSING', next: 'sign-in' });
});

test('nobody has to sign in because the network failed', async () => {
  const offline = Object.assign(new Error('Offline'), { code: 'auth/network-request-failed' });
  const tokens = createLiveTokens({ url: functionUrl, getIdToken: () => Promise.reject(offline) });

  await expect(tokens.take({ stillWanted: () => false })).rejects.toMatchObject({
    reason: 'UNREACHABLE',
    cause: offline,
  });
});

test('a token opens one connection', async () => {
  const token = await (await newTokens()).take();
  const live = await connectLive(token, {}, { createSocket });

  await expect(connectLive(token, {}, { createSocket })).rejects.toMatchObject({ close: { kind: 'token-spent' } });
  await live.close();
});

test('a URL that was changed to the other method is explained', async () => {
  const token = await (await newTokens()).take();
  const websocketUrl = token.websocketUrl.replace('Constrained', '');

  await expect(connectLive({ ...token, websocketUrl }, {}, { createSocket })).rejects.toMatchObject({
    close: { kind: 'wrong-endpoint', next: 'fix' },
  });
});

test('a model that does not exist is for the operator', async () => {
  const token = await (await newTokens({ profile: 'no-such-model' })).take();

  await expect(connectLive(token, {}, { createSocket })).rejects.toMatchObject({
    close: { kind: 'model-not-found', next: 'operator' },
  });
});
