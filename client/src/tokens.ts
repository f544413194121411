import { type Clock, ignore, pause, systemClock } from './clock.js';
import { type LiveToken, readLiveToken, sinceIssue } from './live-token.js';
import { fromCallable, fromStatus, LiveTokenError, unexpectedAnswer, unreachable } from './live-token-error.js';

/** A callable of Firebase's JavaScript SDK or of React Native Firebase: what `httpsCallableFromURL` returns. */
// biome-ignore lint/suspicious/noExplicitAny: the SDKs let the app choose the type of the data.
export type LiveTokensCallable = (data?: any) => Promise<{ data: unknown }>;

/** The function at a URL, called with fetch. */
export interface LiveTokensEndpoint {
  url: string;
  /** Returns the user's ID token; a new one if `forceRefresh`. */
  getIdToken(forceRefresh: boolean): Promise<string | null | undefined>;
  /** Returns a token of App Check; a new one if `forceRefresh`. */
  getAppCheckToken?(forceRefresh: boolean): Promise<string | null | undefined>;
  /** Instead of the platform's fetch. */
  fetch?: Fetch;
}

/** What is used of fetch. */
export type Fetch = (
  url: string,
  options: { method: string; headers: Record<string, string>; body: string },
) => Promise<{ status: number; json(): Promise<unknown> }>;

export interface LiveTokensOptions {
  /** Name of a profile; the function's default if absent. */
  profile?: string;
  /** The user's choices of what the profile offers. */
  choices?: Record<string, string>;
  /** With a callable: makes the SDK fetch a new ID token, as `() => user.getIdToken(true)`. */
  refreshIdToken?: () => Promise<unknown>;
  /** How often a call is made at most, the first one included. 4 by default. */
  maxAttempts?: number;
  clock?: Clock;
  /** Returns a number from 0 to 1, which spreads retries. */
  random?: () => number;
}

export interface TakeRequest {
  /** The last handle of the conversation to resume. */
  resumptionHandle?: string | undefined;
  /** `session.id` of the last token of this conversation. */
  session?: string | undefined;
  /** Asked before each retry. False ends the attempts with the last error. */
  stillWanted?: (() => boolean) | undefined;
}

/** Live tokens of one user. A token opens one connection, so none is ever handed out twice. */
export interface LiveTokens {
  /** Returns a token that nobody else has. Throws `LiveTokenError`. */
  take(request?: TakeRequest): Promise<LiveToken>;
  /** Fetches one token ahead, for the next `take()` without arguments. A profile with sessions is charged then. */
  prefetch(): void;
  /** Drops a token that was fetched ahead: call it when the user signs out. */
  clear(): void;
  /** Ends a session, so that its slot is free at once. Throws `LiveTokenError`. */
  end(session: string): Promise<void>;
}

// The SDKs give up after 70 seconds, the function after at most 55.
const CALL_MILLISECONDS = 60_000;
// Doubled once before the first retry.
const BACKOFF = 250;
// Nobody waits in front of a button for longer.
const LONGEST_BACKOFF = 10_000;
// A token must reach Gemini before its newSessionExpireTime.
const MARGIN = 10_000;

declare const fetch: Fetch;

/** A token that is fetched ahead. */
interface Ahead {
  token: Promise<LiveToken>;
  wanted: boolean;
}

/** Which of the credentials are to be fetched anew. */
interface Again {
  idToken?: boolean;
  appCheck?: boolean;
  /** The SDK has fetched the new ID token. */
  refreshed?: boolean;
}

/**
 * Takes live tokens from the function.
 *
 * @param source a callable of an SDK, or where the function is and who the user is.
 */
export function createLiveTokens(
  source: LiveTokensCallable | LiveTokensEndpoint,
  options: LiveTokensOptions = {},
): LiveTokens {
  const { profile, choices, refreshIdToken, maxAttempts = 4, clock = systemClock, random = Math.random } = options;
  const endpoint = typeof source !== 'function' && source;
  let ahead: Ahead | undefined;

  async function send(data: object, again: Again): Promise<unknown> {
    if (endpoint) return fetchResult(endpoint, data, again);
    if (again.idToken && !again.refreshed) {
      again.refreshed = true;
      await refreshIdToken?.();
    }
    return (await (source as LiveTokensCallable)(data)).data;
  }

  function call(data: object, again: Again): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(CALL_MILLISECONDS, () => reject(unreachable()));
      send(data, again).finally(cancel).then(resolve, reject);
    });
  }

  async function callWithRetries<T>(attempt: (again: Again) => Promise<T>, stillWanted = () => true): Promise<T> {
    const again: Again = {};
    let last: LiveTokenError | undefined;
    for (let failures = 1; ; failures++) {
      try {
        return await attempt(again);
      } catch (thrown) {
        const error = fromCallable(thrown);
        const { reason, next, retryAfterSeconds = 0 } = error;
        if (!stillWanted()) throw error;
        if ((endpoint || refreshIdToken) && !again.idToken && /^ID_TOKEN_(EXP|INV)/.test(reason)) {
          again.idToken = true;
        } else if (endpoint && !again.appCheck && reason === 'APP_CHECK_INVALID') {
          again.appCheck = true;
        } else {
          const told = 1000 * retryAfterSeconds;
          if (next !== 'retry' || error === last || failures >= maxAttempts || told > LONGEST_BACKOFF) throw error;
          last = error;
          await pause(clock, Math.max(told, Math.min(BACKOFF * 2 ** failures, LONGEST_BACKOFF) * (0.5 + random() / 2)));
          if (!stillWanted()) throw error;
        }
      }
    }
  }

  function mint({ resumptionHandle, session: known, stillWanted }: TakeRequest): Promise<LiveToken> {
    let session = known;
    let failure: LiveTokenError | undefined;
    return callWithRetries(async (again) => {
      const sentAt = clock.now();
      try {
        return readLiveToken(await call({ profile, choices, resumptionHandle, session }, again), sentAt, clock.now());
      } catch (thrown) {
        const error = fromCallable(thrown);
        if (failure && error.reason === 'SESSION_ENDED' && session && session !== known) {
          // A lease that was charged and never used can be asked for again once. Another one would cost the user more
          // minutes for the same outage.
          await call({ end: session }, again).catch(ignore);
          throw failure;
        }
        failure = error;
        // Its lease is charged: with its id, the next attempt is not charged again.
        session = error.session ?? session;
        throw error;
      }
    }, stillWanted);
  }

  async function end(session: string): Promise<void> {
    await callWithRetries((again) => call({ end: session }, again));
  }

  async function discard({ session }: LiveToken): Promise<void> {
    if (session) await end(session.id).catch(ignore);
  }

  return {
    async take(request = {}) {
      const held = ahead;
      if (held && !request.session && !request.resumptionHandle) {
        ahead = undefined;
        const token = await held.token;
        const age = clock.now() - token.sentAt;
        if (age >= 0 && age < sinceIssue(token, token.newSessionExpireTime) - MARGIN) return token;
        await discard(token); // or it would hold the slot of a session
      }
      return mint(request);
    },
    prefetch() {
      if (ahead) return;
      const fetched: Ahead = { wanted: true, token: mint({ stillWanted: () => fetched.wanted }) };
      ahead = fetched;
      fetched.token.catch(() => {
        if (ahead === fetched) ahead = undefined;
      });
    },
    clear() {
      if (!ahead) return;
      ahead.wanted = false;
      ahead.token.then(discard, ignore);
      ahead = undefined;
    },
    end,
  };
}

async function fetchResult(endpoint: LiveTokensEndpoint, data: object, again: Again): Promise<unknown> {
  let idToken: string | null | undefined;
  let cause: unknown;
  try {
    idToken = await endpoint.getIdToken(!!again.idToken);
  } catch (error) {
    if (/network/.test(String((error as { code?: unknown } | null)?.code))) throw unreachable(error);
    cause = error;
  }
  if (!idToken) throw new LiveTokenError('ID_TOKEN_MISSING', 'sign-in', 'Sign in again.', {}, cause);
  const headers: Record<string, string> = { 'Content-Type': 'application/json', Authorization: `Bearer ${idToken}` };
  // As in Firebase's SDKs, a call without it goes out if it cannot be had.
  const appCheckToken = await endpoint.getAppCheckToken?.(!!again.appCheck).catch(ignore);
  if (appCheckToken) headers['X-Firebase-AppCheck'] = appCheckToken;
  const options = { method: 'POST', headers, body: JSON.stringify({ data }) };
  const response = await (endpoint.fetch ?? fetch)(endpoint.url, options).catch((error) => {
    throw unreachable(error);
  });
  const { status } = response;
  const answer = await response.json().catch(ignore);
  const { result, error } = (answer ?? {}) as { result?: unknown; error?: Record<string, unknown> };
  if (error) throw fromStatus(String(error.status), String(error.message), error.details);
  if (result !== undefined) return result;
  throw status === 429 || status >= 500 ? unreachable() : unexpectedAnswer(`HTTP ${status}`);
}
