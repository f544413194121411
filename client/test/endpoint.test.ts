// The function called with fetch, against a server that answers as a test says.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveTokens, type LiveTokensEndpoint } from '../src/index.js';
import { answer } from './answers.js';

const GIVEN = { status: 200, body: { result: answer(1) } as unknown };
let server: Server;
let asked: { headers: IncomingMessage['headers']; body: string }[];
let answers: (typeof GIVEN)[];

beforeEach(async () => {
  asked = [];
  answers = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push({ headers: request.headers, body });
    const given = answers.shift() ?? GIVEN;
    response.writeHead(given.status).end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});

afterEach(() => server.close());

/** Tokens of the server. */
function tokensWith(endpoint: Partial<LiveTokensEndpoint> = {}) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return createLiveTokens({ url, getIdToken: async () => 'id', ...endpoint }, { profile: 'tutor' });
}
// No outage is tried again.
const once = { stillWanted: () => false };
const refused = (status: string, reason: string) => ({ error: { status, message: 'No.', details: { reason } } });

test('it is sent the data, the ID token and the token of App Check', async () => {
  await tokensWith({ getAppCheckToken: async () => 'app' }).take();

  expect(asked).toMatchObject([{ headers: { authorization: 'Bearer id', 'x-firebase-appcheck': 'app' } }]);
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ data: { profile: 'tutor' } });
});

test('it is called without a token of App Check that cannot be had, as the SDKs do', async () => {
  const getAppCheckToken = () => Promise.reject(new Error('no attestation'));

  expect((await tokensWith({ getAppCheckToken }).take()).token).toBe('auth_tokens/1');
  expect(asked[0]?.headers).not.toHaveProperty('x-firebase-appcheck');
});

test.each(['APP_CHECK_INVALID', 'ID_TOKEN_EXPIRED'])('%s: new credentials are fetched once', async (reason) => {
  answers = Array(3).fill({ status: 401, body: refused('UNAUTHENTICATED', reason) });
  const forced: boolean[] = [];
  const remember = async (force: boolean) => {
    forced.push(force);
    return 'token';
  };
  const tokens = tokensWith({ getIdToken: remember, getAppCheckToken: remember });

  await expect(tokens.take()).rejects.toMatchObject({ reason });
  expect(forced).toEqual([false, false, true, true]);
});

test.each([
  [503, '<html>', 'UNREACHABLE', 'retry'],
  [429, 'Rate exceeded.', 'UNREACHABLE', 'retry'],
  [500, { error: { code: 500, status: 'INTERNAL' } }, 'UNREACHABLE', 'retry'],
  [404, '<html>', 'UNEXPECTED_ANSWER', 'fix'],
  [404, { error: 'not found' }, 'UNEXPECTED_ANSWER', 'fix'],
  [403, { error: { code: 403, status: 'PERMISSION_DENIED' } }, 'UNEXPECTED_ANSWER', 'fix'],
  [200, '"hello"', 'UNEXPECTED_ANSWER', 'fix'],
  [200, 'null', 'UNEXPECTED_ANSWER', 'fix'],
  [200, { result: null }, 'UNEXPECTED_ANSWER', 'fix'],
  [429, refused('RESOURCE_EXHAUSTED', 'HOURLY_QUOTA_EXCEEDED'), 'HOURLY_QUOTA_EXCEEDED', 'stop'],
])('HTTP %i with %j is %s: %s', async (status, body, reason, next) => {
  answers = [{ status, body }];

  await expect(tokensWith().take(once)).rejects.toMatchObject({ name: 'LiveTokenError', reason, next });
});

test('a server that is gone is not reached', async () => {
  const tokens = tokensWith();
  await new Promise((resolve) => server.close(resolve));

  await expect(tokens.take(once)).rejects.toMatchObject({ reason: 'UNREACHABLE', cause: expect.any(Error) });
});
