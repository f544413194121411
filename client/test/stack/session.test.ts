import { test } from 'vitest';
import { createLiveSession, type LiveSession, type LiveSocket, type LiveTokensOptions } from '../../src/index.js';
import { createSocket, newTokens } from './people.js';

async function startSession(options: LiveTokensOptions = {}) {
  const sockets: LiveSocket[] = [];
  const session = createLiveSession({
    tokens: await newTokens(options),
    createSocket: (url) => {
      const socket = createSocket(url);
      sockets.push(socket);
      return socket;
    },
  });
  await session.start();
  return { session, sockets };
}

const modelSaid = (session: LiveSession) =>
  session
    .getState()
    .transcript.filter(({ who, done }) => who === 'model' && done)
    .map(({ text }) => text);

test.concurrent('a conversation outlives its connection', async ({ expect }) => {
  const { session, sockets } = await startSession();
  session.sendText('Hello');
  await expect.poll(() => modelSaid(session), { timeout: 10_000 }).toHaveLength(1);

  sockets[0]?.close(); // as the network does: the session did not ask for it
  await expect.poll(() => session.getState().connections, { timeout: 10_000 }).toBe(2);
  session.sendText('Do you remember me?');
  await expect.poll(() => modelSaid(session), { timeout: 10_000 }).toHaveLength(2);

  expect(modelSaid(session)[1]).toContain('I remember');
  expect(session.getState().conversation).toBe(1);
  await session.stop();
});

test.concurrent('a token that ends after four seconds is followed by others', async ({ expect }) => {
  const { session } = await startSession({ profile: 'brief' });
  session.sendText('Hello');

  await expect.poll(() => session.getState().connections, { timeout: 20_000 }).toBeGreaterThan(2);

  expect(session.getState()).toMatchObject({ status: 'live', conversation: 1 });
  await session.stop();
});

test.concurrent('a lease of thirty seconds is renewed, and the model remembers', async ({ expect }) => {
  const { session } = await startSession({ profile: 'leased' });
  session.sendText('Hello');
  const first = session.getState().token?.session;

  await expect.poll(() => session.getState().connections, { timeout: 28_000 }).toBe(2);
  session.sendText('Do you remember me?');
  await expect.poll(() => modelSaid(session), { timeout: 10_000 }).toHaveLength(2);

  expect(modelSaid(session)[1]).toContain('I remember');
  expect(session.getState()).toMatchObject({ status: 'live', conversation: 1, token: { session: { id: first?.id } } });
  expect(session.getState().token?.session?.renewAfter).not.toBe(first?.renewAfter);
  await session.stop();
}, 60_000);

test.concurrent('a session that is stopped can be started again at once, although there is one slot', async ({
  expect,
}) => {
  const { session } = await startSession({ profile: 'leased' });
  await session.stop();
  await session.start();

  expect(session.getState().status).toBe('live');
  await session.stop();
});
