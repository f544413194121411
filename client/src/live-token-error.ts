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
    Object.assign(this, details, { name: NAME, reason, next, message, cause });
  }
}

/** Whether this is a `LiveTokenError`, also of another copy of this package. */
export function isLiveTokenError(error: unknown): error is LiveTokenError {
  return (error as { name?: unknown } | null)?.name === NAME;
}

// What the SDKs say when no answer came, and what Google's front end says in place of the function: INTERNAL, UNKNOWN,
// UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, CANCELLED, ABORTED.
const NO_ANSWER = /^(INT|UNK|UNAV|DEA|RES|CAN|AB)/;

/** Returns the error for an error of the function: its status, such as `UNAVAILABLE`, message and details. */
export function fromStatus(status: string, message: string, details: unknown, cause?: unknown): LiveTokenError {
  const known = (details ?? {}) as LiveTokenErrorDetails & { reason?: unknown };
  if (typeof known.reason !== 'string') {
    return NO_ANSWER.test(status) ? unreachable(cause) : unexpectedAnswer(status, cause);
  }
  const next = NEXT[known.reason] ?? NEXT[status] ?? 'stop';
  // Without an end, as in a pause that an operator will lift by hand, there is nothing to wait for.
  const endless = next === 'wait' && known.retryAfterSeconds === undefined;
  // Firebase's JavaScript SDK 13 adds the HTTP status.
  return new LiveTokenError(known.reason, endless ? 'stop' : next, message.replace(/ \[\d{3}\]$/, ''), known, cause);
}

/** Returns the error for what a callable of Firebase or React Native Firebase threw. */
export function fromCallable(error: unknown): LiveTokenError {
  if (isLiveTokenError(error)) return error;
  const { code, message, details } = (error ?? {}) as { code?: unknown; message?: unknown; details?: unknown };
  // `functions/unavailable` of the JavaScript SDK is `unavailable` in React Native Firebase.
  const status = String(code ?? 'unknown')
    .replace(/^functions\//, '')
    .replace(/-/g, '_')
    .toUpperCase();
  return fromStatus(status, String(message ?? ''), details, error);
}

/** Returns the error for a call that got no answer. */
export function unreachable(cause?: unknown): LiveTokenError {
  return new LiveTokenError('UNREACHABLE', 'retry', 'The service could not be reached.', {}, cause);
}

/** Returns the error for an answer that is not of the function. */
export function unexpectedAnswer(what: string, cause?: unknown): LiveTokenError {
  return new LiveTokenError('UNEXPECTED_ANSWER', 'fix', `Not an answer of mint_live_token: ${what}`, {}, cause);
}
