// Written by scripts/write-tables.mjs from tables/closes.json. Do not edit.

/** Kind, next, and what fits "code moment: reason". The first row that fits counts; meaning and cure are in the page. */
export const CLOSES: readonly (readonly [LiveCloseKind, LiveCloseNext, RegExp])[] = [
  ['token-spent', 'new-token', /used too many times/i],
  ['token-late', 'new-token', /new_session_expire_time/i],
  ['token-expired', 'new-token', /token has expired/i],
  ['token-malformed', 'new-token', /malformed auth token/i],
  ['wrong-endpoint', 'fix', /unregistered callers|expected oauth 2|api key not valid/i],
  ['key-leaked', 'operator', /reported as leaked/i],
  ['api-disabled', 'operator', /has not been used in project/i],
  ['quota', 'operator', /exceeded your current quota/i],
  ['model-not-found', 'operator', /is not found for api version/i],
  ['handle-dead', 'new-conversation', /session not found|invalid session handle|requested entity was not found/i],
  ['bad-setup', 'operator', /^1007 opening/i],
  ['bad-message', 'fix', /^1007 open/i],
  ['age-limit', 'resume', /was cancelled|was aborted|deadline expired before/i],
  ['no-answer', 'resume', /^4000 /i],
  ['unreachable', 'resume', /^1006 opening/i],
  ['dropped', 'resume', /^1005 |^1006 /i],
  ['closed', 'resume', /^1000 |^1001 |^1012 /i],
  ['server-error', 'resume', /./i],
];

/** What a close was. */
export type LiveCloseKind =
  | 'token-spent'
  | 'token-late'
  | 'token-expired'
  | 'token-malformed'
  | 'wrong-endpoint'
  | 'key-leaked'
  | 'api-disabled'
  | 'quota'
  | 'model-not-found'
  | 'handle-dead'
  | 'bad-setup'
  | 'bad-message'
  | 'age-limit'
  | 'no-answer'
  | 'unreachable'
  | 'dropped'
  | 'closed'
  | 'server-error';

/**
 * What to do after a close: `new-token` and `resume` take another token, with the last handle if there is one;
 * `new-conversation` takes one without it; `fix` is for the app's developer, `operator` for whoever runs the function.
 */
export type LiveCloseNext = 'new-token' | 'resume' | 'new-conversation' | 'fix' | 'operator';
