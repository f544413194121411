import { type Clock, pause, systemClock } from './clock.js';
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
const FIRST_BACKOFF = 500;
// Nobody waits in front of a button for longer.
const LONGEST_BACKOFF = 10_000;
// A token must reach Gemini before its newSessionExpireTime.
const MARGIN = 10_000;

declare const fetch: Fetch;

/** Which of the credentials are to be fetched anew. */
interface Again {
  idToken: boolean;
  appCheck: boolean;
}

type Send = (data: object, again: Again) => Promise<unknown>;

/**
 * Takes live tokens from the function.
 *
 * @param source a callable of an SDK, or where the function is and who the user is.
 */
export function createLiveTokens(
  source: LiveTokensCallable | LiveTokensEndpoint,
  options: LiveTokensOptions = {},
): LiveTokens {
  const { profile, choices, maxAttempts = 4, clock = systemClock, random = Math.random } = options;
  const send = typeof source === 'function' ? withCallable(source, options.refreshIdToken) : withFetch(source);
  const canRefresh = typeof source !== 'function' || options.refreshIdToken !== undefined;
  let ahead: { token: Promise<LiveToken>; wanted: boolean } | undefined;

  async function call(data: object, again: Again): Promise<unknown> {
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(CALL_MILLISECONDS, () => reject(unreachable()));
    });
    try {
      return await Promise.race([send(data, again), late]);
    } finally {
      cancel();
    }
  }

  async function callWithRetries<T>(attempt: (again: Again) => Promise<T>, request: TakeRequest): Promise<T> {
    const again = { idToken: false, appCheck: false };
    let last: LiveTokenError | undefined;
    for (let failures = 1; ; failures++) {
      try {
        return await attempt(again);
      } catch (thrown) {
        const error = fromCallable(thrown);
        if (request.stillWanted?.() === false) throw error;
        if (canRefresh && !again.idToken && /^ID_TOKEN_(EXPIRED|INVALID)$/.test(error.reason)) {
          again.idToken = true;
        } else if (typeof source !== 'function' && !again.appCheck && error.reason === 'APP_CHECK_INVALID') {
          again.appCheck = true;
        } else {
          const told = 1000 * (error.retryAfterSeconds ?? 0);
          if (error.next !== 'retry' || error === last || failures >= maxAttempts || told > LONGEST_BACKOFF)
            throw error;
          last = error;
          const backoff = Math.min(FIRST_BACKOFF * 2 ** (failures - 1), LONGEST_BACKOFF) * (0.5 + random() / 2);
          await pause(clock, Math.max(told, backoff));
          if (request.stillWanted?.() === false) throw error;
        }
      }
    }
  }

  function mint(request: TakeRequest): Promise<LiveToken> {
    let { session } = request;
    let failure: LiveTokenError | undefined;
    return callWithRetries(async (again) => {
      const sentAt = clock.now();
      try {
        const result = await call({ profile, choices, resumptionHandle: request.resumptionHandle, session }, again);
        return readLiveToken(result, sentAt, clock.now());
      } catch (thrown) {
        const error = fromCallable(thrown);
        if (failure && error.reason === 'SESSION_ENDED' && session !== undefined && session !== request.session) {
          // A lease that was charged and never used can be asked for again once. Another one would cost the user more
          // minutes for the same outage.
          await call({ end: session }, again).catch(() => {});
          throw failure;
        }
        failure = error;
        // Its lease is charged: with its id, the next attempt is not charged again.
        session = error.session ?? session;
        throw error;
      }
    }, request);
  }

  async function end(session: string): Promise<void> {
    await callWithRetries((again) => call({ end: session }, again), {});
  }

  async function discard(token: LiveToken): Promise<void> {
    if (token.session) await end(token.session.id).catch(() => {});
  }

  return {
    async take(request = {}) {
      const held = ahead;
      if (held && request.session === undefined && request.resumptionHandle === undefined) {
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
      const wish = { wanted: true };
      const fetched = Object.assign(wish, { token: mint({ stillWanted: () => wish.wanted }) });
      ahead = fetched;
      fetched.token.catch(() => {
        if (ahead === fetched) ahead = undefined;
      });
    },
    clear() {
      if (!ahead) return;
      ahead.wanted = false;
      ahead.token.then(discard, () => {});
      ahead = undefined;
    },
    end,
  };
}

function withCallable(callable: LiveTokensCallable, refreshIdToken?: () => Promise<unknown>): Send {
  let refreshed: object | undefined;
  return async (data, again) => {
    if (again.idToken && refreshed !== again) {
      refreshed = again;
      await refreshIdToken?.();
    }
    return (await callable(data)).data;
  };
}

function withFetch(endpoint: LiveTokensEndpoint): Send {
  const { url, fetch: fetchIt = (address, options) => fetch(address, options) } = endpoint;
  return async (data, again) => {
    const idToken = await endpoint.getIdToken(again.idToken).catch((error) => {
      const offline = /network/.test(String((error as { code?: unknown } | null)?.code));
      throw offline ? unreachable(error) : signInAgain(error);
    });
    if (!idToken) throw signInAgain();
    const headers: Record<string, string> = { 'Content-Type': 'application/json', Authorization: `Bearer ${idToken}` };
    // As in Firebase's SDKs, a call without it goes out if it cannot be had.
    const appCheckToken = await endpoint.getAppCheckToken?.(again.appCheck).catch(() => undefined);
    if (appCheckToken) headers['X-Firebase-AppCheck'] = appCheckToken;
    const response = await fetchIt(url, { method: 'POST', headers, body: JSON.stringify({ data }) }).catch((error) => {
      throw unreachable(error);
    });
    const { result, error } = await response.json().then(
      (body) =>
        (body ?? {}) as { result?: unknown; error?: { status?: unknown; message?: unknown; details?: unknown } },
      () => ({ result: undefined, error: undefined }),
    );
    if (error) throw fromStatus(String(error.status), String(error.message), error.details);
    if (result !== undefined) return result;
    throw response.status === 429 || response.status >= 500
      ? unreachable()
      : unexpectedAnswer(`HTTP ${response.status}`);
  };
}

function signInAgain(cause?: unknown): LiveTokenError {
  return new LiveTokenError('ID_TOKEN_MISSING', 'sign-in', 'Sign in again.', {}, cause);
}
