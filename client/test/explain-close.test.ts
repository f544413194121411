import { describe, expect, test } from 'vitest';
import { explainClose } from '../src/index.js';
import closes from '../tables/closes.json' with { type: 'json' };

test('every row of the table can be met', () => {
  for (const { kind, codes, texts, when } of closes as {
    kind: string;
    codes?: number[];
    texts?: string[];
    when?: string;
  }[]) {
    const code = codes?.[0] ?? 1011;
    expect(explainClose(code, texts?.[0], when !== 'opening').kind).toBe(kind);
  }
});

describe('the three attempts of the forum post', () => {
  const unregistered =
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API ";
  test.each([
    [1008, unregistered],
    [1007, 'API key not valid. Please pass a valid API key.'],
    [1008, 'Expected OAuth 2 access token, login cookie or other valid authentication credential'],
  ])('%i %s: the URL is wrong', (code, reason) => {
    expect(explainClose(code, reason, false)).toMatchObject({ code, reason, kind: 'wrong-endpoint', next: 'fix' });
  });
});

test.each([
  [1011, 'new_session_expire_time deadline exceeded', 'token-late', 'new-token'],
  [1011, 'auth token has expired', 'token-expired', 'new-token'],
  [1011, 'Token has been used too many times', 'token-spent', 'new-token'],
  [1000, 'The operation was cancelled.', 'age-limit', 'resume'],
  [1011, 'Deadline expired before operation could complete', 'age-limit', 'resume'],
  [1007, 'Invalid session handle', 'handle-dead', 'new-conversation'],
  [
    1008,
    'Generative Language API has not been used in project 1 before or it is disabled.',
    'api-disabled',
    'operator',
  ],
  [1011, 'You exceeded your current quota, please check your plan and billing details.', 'quota', 'operator'],
  [1011, 'Internal error encountered.', 'server-error', 'resume'],
  [1008, 'Operation is not implemented, or supported, or enabled.', 'server-error', 'resume'],
  [1006, '', 'dropped', 'resume'],
  [1012, '', 'closed', 'resume'],
])('%i %s is %s: %s', (code, reason, kind, next) => {
  expect(explainClose(code, reason, true)).toMatchObject({ kind, next });
});

test('the text counts more than the code, because codes are not stable', () => {
  expect(explainClose(1000, 'Token has been used too many times', true).kind).toBe('token-spent');
});

test('1007 is the profile before setupComplete, and the app after it', () => {
  expect(explainClose(1007, 'Request contains an invalid argument.', false).next).toBe('operator');
  expect(explainClose(1007, 'Request contains an invalid argument.', true).next).toBe('fix');
});

test('a reason may be missing, as in React Native on iOS', () => {
  expect(explainClose(1006, null, false)).toMatchObject({ reason: '', kind: 'unreachable' });
});
