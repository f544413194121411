import type { LiveToken } from '../src/index.js';

/** What the function answers with, as of a moment of the server's clock, in seconds. */
export function answer(
  number: number,
  {
    at = 0,
    lives = 900,
    startWithin = 60,
    ...more
  }: { at?: number; lives?: number; startWithin?: number } & Partial<LiveToken> = {},
): object {
  return {
    token: `auth_tokens/${number}`,
    websocketUrl: `wss://gemini.test/?access_token=auth_tokens/${number}`,
    setup: { model: 'models/m' },
    apiVersion: 'v1beta',
    model: 'models/m',
    profile: 'default',
    issuedAt: time(at),
    newSessionExpireTime: time(at + startWithin),
    expireTime: time(at + lives),
    ...more,
  };
}

/** The time of the server's clock, which is a year behind that of the tests. */
export function time(seconds: number): string {
  return new Date(Date.UTC(2025, 10, 27) + 1000 * seconds).toISOString().replace('.000Z', 'Z');
}

/** What Firebase's SDK throws for an answer of the function. */
export function refusal(code: string, reason?: string, details: object = {}): Error {
  return Object.assign(new Error('Words for the user.'), {
    code,
    details: reason && { reason, requestId: 'r1', ...details },
  });
}
