import { type KnownReason, NEXT } from './reasons.js';

/** A reason of the contract. A newer function may give one that this version does not know. */
export type LiveTokenReason = KnownReason | (string & {});

/**
 * What the app should do: `retry` later, `wait` for `retryAfterSeconds`, ask the user to `sign-in`, `stop` because the
 * same call cannot succeed, or `fix` the app.
 */
export type LiveTokenNext = 'retry' | 'wait' | 'sign-in' | 'stop' | 'fix';

/** What an error knows beside its reason. */
export interface LiveTokenErrorDetails {
  /** Seconds until another call can succeed. */
  retryAfterSeconds?: number | undefined;
  /** Finds the line in the function's log. */
  requestId?: string | undefined;
  /** The session that this call was charged for. Send it with the next call. */
  session?: string | undefined;
  /** With `TOO_MANY_SESSIONS`: the ids of the open sessions. */
  sessions?: readonly string[] | undefined;
  /** With `MINUTES_EXCEEDED`: `day` or `month`. */
  period?: string | undefined;
}

const NAME = 'LiveTokenError';

/** No live token, and why. The same for Firebase's SDKs, React Native Firebase and fetch. */
export class LiveTokenError extends Error {
  /** Decide by this, never by `message`. */
  declare readonly reason: LiveTokenReason;
  declare readonly next: LiveTokenNext;
  declare readonly retryAfterSeconds: number | undefined;
  declare readonly requestId: string | undefined;
  declare readonly session: string | undefined;
  declare readonly sessions: readonly string[] | undefined;
  declare readonly period: string | undefined;
  /** The error of the SDK or of fetch. */
  declare readonly cause: unknown;

  constructor(
    reason: LiveTokenReason,
    next: LiveTokenNext,
    message: string,
    details?: LiveTokenErrorDetails,
    cause?: unknown,
  ) {
    super(message);
    Object.assign(this, details, { name: NAME, reason, next, cause });
  }
}

/** Whether this is a `LiveTokenError`, also of another copy of this package. */
export function isLiveTokenError(error: unknown): error is LiveTokenError {
  return (error as { name?: unknown } | null)?.name === NAME;
}

// What the SDKs say when no answer came, and what Google's front end says in place of the function: INTERNAL, UNKNOWN,
// UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, CANCELLED, ABORTED, and HTTP 429 and 5xx.
const NO_ANSWER = /^(INT|UNK|UNAV|DEA|RES|CAN|AB|429|5)/;

/** What is read of what a call threw: an error of an SDK, or the function's own `error` in its answer. */
interface Thrown {
  /** `functions/unavailable` of the JavaScript SDK is `unavailable` in React Native Firebase. */
  code?: unknown;
  /** In an answer: `UNAVAILABLE`, or what came in place of it. */
  status?: unknown;
  message?: unknown;
  details?: (LiveTokenErrorDetails & { reason?: unknown }) | null;
}

/** Returns the error for what a call threw. */
export function toLiveTokenError(thrown?: unknown): LiveTokenError {
  if (isLiveTokenError(thrown)) return thrown;
  const { code = 'unknown', status: told = code, message, details } = (thrown ?? {}) as Thrown;
  const status = `${told}`.replace('functions/', '').replace('-', '_').toUpperCase();
  const reason = details?.reason;
  if (typeof reason !== 'string') {
    if (NO_ANSWER.test(status)) return unreachable(thrown);
    return new LiveTokenError('UNEXPECTED_ANSWER', 'fix', `Not from mint_live_token: ${status}`, {}, thrown);
  }
  const next = NEXT[reason] ?? NEXT[status] ?? 'stop';
  // Without an end, as in a pause that an operator will lift by hand, there is nothing to wait for.
  const endless = next === 'wait' && details?.retryAfterSeconds === undefined;
  // @firebase/functions 0.14 adds the HTTP status.
  const words = `${message}`.replace(/ \[\d+]$/, '');
  return new LiveTokenError(reason, endless ? 'stop' : next, words, details as LiveTokenErrorDetails, thrown);
}

/** Returns the error for a call that got no answer. */
export function unreachable(cause?: unknown): LiveTokenError {
  return new LiveTokenError('UNREACHABLE', 'retry', 'The service could not be reached.', {}, cause);
}
