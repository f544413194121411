// Written by scripts/write-tables.mjs from tables/closes.json. Do not edit.

/** Kind, next, and what fits "code moment: reason in lower case". The first row that fits counts; meaning and cure are in the page. */
export const CLOSES: readonly (readonly [LiveCloseKind, LiveCloseNext, RegExp])[] = [
  ['token-spent', 'new-token', /too many times/],
  ['token-late', 'new-token', /new_session_expire_time/],
  ['token-expired', 'new-token', /token has expired/],
  ['token-malformed', 'new-token', /malformed auth/],
  ['wrong-endpoint', 'fix', /unregistered|oauth 2|key not valid/],
  ['key-leaked', 'operator', /leaked/],
  ['api-disabled', 'operator', /has not been used/],
  ['quota', 'operator', /current quota/],
  ['model-not-found', 'operator', /is not found for/],
  ['handle-dead', 'new-conversation', /session not found|session handle|requested entity/],
  ['bad-setup', 'operator', /^1007 opening/],
  ['bad-message', 'fix', /^1007 open/],
  ['age-limit', 'resume', /was cancelled|was aborted|deadline expired/],
  ['no-answer', 'resume', /^4000 /],
  ['unreachable', 'resume', /^1006 opening/],
  ['dropped', 'resume', /^1005 |^1006 /],
  ['closed', 'resume', /^1000 |^1001 |^1012 /],
  ['server-error', 'resume', /./],
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
