import { type Clock, ignore, pause, systemClock } from './clock.js';
import { type LiveToken, readLiveToken, sinceIssue } from './live-token.js';
import { type LiveTokenError, toLiveTokenError, unreachable } from './live-token-error.js';

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
}

export interface LiveTokensOptions {
  /** Name of a profile; the function's default if absent. */
  profile?: string;
  /** The user's choices of what the profile offers. */
  choices?: Record<string, string>;
  /** With a callable: makes the SDK fetch a new ID token, as `() => user.getIdToken(true)`. */
  refreshIdToken?: () => Promise<unknown>;
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
  /**
   * Fetches one token ahead, for the next `take()` without arguments. Called again, it replaces one that is too old. A
   * profile with sessions is charged a lease then, and the token holds a slot until it is ended.
   */
  prefetch(): void;
  /** Drops a token that was fetched ahead: call it when the user signs out. */
  clear(): void;
  /** Ends a session, so that its slot is free at once. Throws `LiveTokenError`. */
  end(session: string): Promise<void>;
}

// The SDKs give up after 70 seconds, the function after at most 55.
const CALL_MILLISECONDS = 60_000;
const MOST_ATTEMPTS = 4;
// Doubled once before the first retry.
const BACKOFF = 250;
// Nobody waits in front of a button for longer.
const LONGEST_WAIT = 10_000;
// A token must reach Gemini before its newSessionExpireTime.
const MARGIN = 10_000;

declare function fetch(
  url: string,
  options: { method: string; headers: Record<string, string>; body: string },
): Promise<{ status: number; json(): Promise<unknown> }>;

/** What the function is sent. */
interface Call {
  profile?: string | undefined;
  choices?: Record<string, string> | undefined;
  resumptionHandle?: string | undefined;
  session?: string | undefined;
  end?: string | undefined;
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
  const { profile, choices, refreshIdToken, clock = systemClock, random = Math.random } = options;
  let ahead: Promise<LiveToken> | undefined;
  let clears = 0;

  function call(data: Call, fresh: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(CALL_MILLISECONDS, () => reject(unreachable()));
      const answer =
        typeof source === 'function' ? source(data).then((given) => given.data) : post(source, data, fresh);
      answer.finally(cancel).then(resolve, reject);
    });
  }

  /** Calls until there is an answer, or no hope of one. Returns it, and when it was asked for. */
  async function request(data: Call, stillWanted = () => true): Promise<[unknown, number]> {
    const known = data.session;
    let fresh = typeof source === 'function' && !refreshIdToken; // there is nothing to refresh with
    let last: LiveTokenError | undefined;
    for (let failures = 1; ; failures++) {
      const sentAt = clock.now();
      try {
        return [await call(data, fresh), sentAt];
      } catch (thrown) {
        const error = toLiveTokenError(thrown);
        const { reason, retryAfterSeconds = 0 } = error;
        if (last && reason === 'SESSION_ENDED' && data.session !== known) {
          // A lease that was charged and never used can be asked for again once. Another one would cost the user more
          // minutes for the same outage.
          await call({ end: data.session }, fresh).catch(ignore);
          throw last;
        }
        last = error;
        // Its lease is charged: with its id, the next attempt is not charged again.
        data = { ...data, session: error.session ?? data.session };
        if (!stillWanted()) throw error;
        if (!fresh && /^ID_TOKEN_(EXP|INV)|CHECK_INV/.test(reason)) {
          fresh = true;
          await Promise.resolve().then(refreshIdToken).catch(ignore); // if it fails, the next attempt says why
        } else {
          const wait = Math.max(1000 * retryAfterSeconds, BACKOFF * 2 ** failures * (0.5 + random() / 2));
          if (error.next !== 'retry' || failures >= MOST_ATTEMPTS || wait > LONGEST_WAIT) throw error;
          await pause(clock, wait);
          if (!stillWanted()) throw error;
        }
      }
    }
  }

  async function mint({ resumptionHandle, session, stillWanted }: TakeRequest): Promise<LiveToken> {
    const answer = await request({ profile, choices, resumptionHandle, session }, stillWanted);
    return readLiveToken(...answer, clock.now());
  }

  async function end(session: string): Promise<void> {
    await request({ end: session });
  }

  async function discard({ session }: LiveToken): Promise<void> {
    if (session) await end(session.id).catch(ignore);
  }

  /** Returns the token that was fetched ahead while there is time to open it. Fetches one otherwise. */
  async function next(request: TakeRequest): Promise<LiveToken> {
    const held = ahead;
    ahead = undefined;
    if (held) {
      const token = await held;
      const age = clock.now() - token.sentAt;
      if (age >= 0 && age < sinceIssue(token, token.newSessionExpireTime) - MARGIN) return token;
      await discard(token); // or it would hold the slot of a session
    }
    return mint(request);
  }

  return {
    async take(request = {}) {
      return request.session || request.resumptionHandle ? mint(request) : next(request);
    },
    prefetch() {
      const mine = clears;
      const token = next({ stillWanted: () => mine === clears });
      ahead = token;
      token.catch(() => {
        if (ahead === token) ahead = undefined;
      });
    },
    clear() {
      clears++;
      ahead?.then(discard, ignore);
      ahead = undefined;
    },
    end,
  };
}

/** Calls the function as Firebase's SDKs do: without what cannot be had, because the function says what is missing. */
async function post(endpoint: LiveTokensEndpoint, data: object, fresh: boolean): Promise<unknown> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  try {
    const idToken = await endpoint.getIdToken(fresh);
    if (idToken) headers.Authorization = `Bearer ${idToken}`;
  } catch (error) {
    // auth/network-request-failed: nobody has to sign in.
    if (/network/.test(`${(error as { code?: unknown } | null)?.code}`)) throw unreachable(error);
  }
  const appCheckToken = await endpoint.getAppCheckToken?.(fresh).catch(ignore);
  if (appCheckToken) headers['X-Firebase-AppCheck'] = appCheckToken;
  const options = { method: 'POST', headers, body: JSON.stringify({ data }) };
  const response = await fetch(endpoint.url, options).catch((error) => {
    throw unreachable(error);
  });
  const { result, error } = ((await response.json().catch(ignore)) ?? {}) as { result?: unknown; error?: object };
  if (result === undefined) throw { status: response.status, ...error };
  return result;
}
