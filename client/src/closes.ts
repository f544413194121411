// Written by scripts/write-tables.mjs from tables/closes.json. Do not edit.

/** Kind, codes, texts, when, next, words: the first row that fits counts. */
export const CLOSES: readonly (readonly [
  LiveCloseKind, readonly number[], readonly string[], string, LiveCloseNext, string,
])[] = [
  ["token-spent",[],["used too many times"],"","new-token","The token has opened a session before. Take a new token for each connection."],
  ["token-late",[],["new_session_expire_time"],"","new-token","The token was opened too late. Take the token just before the connection."],
  ["token-expired",[],["token has expired"],"","new-token","The lease of the token is over. Take a new token with the last handle, before the end."],
  ["token-malformed",[],["malformed auth token"],"","new-token","Gemini does not know the token. Open websocketUrl unchanged."],
  ["wrong-endpoint",[],["unregistered callers","expected oauth 2","api key not valid"],"","fix","The URL is not the one that accepts tokens. Open websocketUrl unchanged: BidiGenerateContentConstrained, with access_token."],
  ["key-leaked",[],["reported as leaked"],"","operator","Google has disabled the API key. Store a new key."],
  ["api-disabled",[],["has not been used in project"],"","operator","The Generative Language API is off. Enable it in the project of the key."],
  ["quota",[],["exceeded your current quota"],"","operator","The quota of the Gemini project is used up. Raise it, or try again later."],
  ["model-not-found",[],["is not found for api version"],"","operator","The model of the profile does not exist, or has no Live API. Change model in the profile."],
  ["handle-dead",[],["session not found","invalid session handle","requested entity was not found"],"","new-conversation","The conversation can no longer be resumed. Start a new one without the handle."],
  ["bad-setup",[1007],[],"opening","operator","The model refuses the setup. Mend the profile; `make profiles` checks it."],
  ["bad-message",[1007],[],"open","fix","Gemini refuses a message of the app. Compare the message with the reference of the Live API."],
  ["age-limit",[],["was cancelled","was aborted","deadline expired before"],"","resume","The connection has reached its age limit. Take a new token with the last handle."],
  ["no-answer",[4000],[],"","resume","Gemini did not answer the setup in time. Try again with a new token. If it stays, check the profile."],
  ["unreachable",[1006],[],"opening","resume","There was no connection to Gemini. Check the network, and try again with a new token."],
  ["dropped",[1005,1006],[],"","resume","The connection broke. Take a new token with the last handle."],
  ["closed",[1000,1001,1012],[],"","resume","Gemini closed the connection. Take a new token with the last handle."],
  ["server-error",[],[],"","resume","Gemini failed, or gave a reason that this table does not know. Try again after a moment, with a new token and the last handle."],
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
