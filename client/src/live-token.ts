import { toLiveTokenError } from './live-token-error.js';

/** The lease of a token: see "Sessions" in the contract. Times are RFC 3339, of the server's clock. */
export interface LiveTokenSession {
  id: string;
  endsAt: string;
  renewAfter: string | null;
  renewBefore: string | null;
  leaseSeconds: number;
}

/** A live token and what is needed to connect with it: the answer of the function. */
export interface LiveToken {
  token: string;
  websocketUrl: string;
  setup: object;
  apiVersion: string;
  model: string;
  profile: string;
  issuedAt: string;
  newSessionExpireTime: string;
  expireTime: string;
  choices?: Record<string, string>;
  session?: LiveTokenSession;
  quota?: { remaining?: number; minutesLeft?: number; resetTime: string };
  /** When the call was sent and when its answer came, in milliseconds of the local clock. */
  sentAt: number;
  receivedAt: number;
}

/** Returns the token in a result, or throws a `LiveTokenError`, which never repeats what the result holds. */
export function readLiveToken(result: unknown, sentAt: number, receivedAt: number): LiveToken {
  const token = { ...(result as LiveToken | null), sentAt, receivedAt } as LiveToken;
  const lasts = sinceIssue(token, token.newSessionExpireTime) + sinceIssue(token, token.expireTime);
  if (/^ws/.test(token.websocketUrl) && token.setup && lasts > 0) return token;
  throw toLiveTokenError({ status: 'no live token' });
}

/** Returns how many milliseconds after `issuedAt` a time of the token is. */
export function sinceIssue(token: LiveToken, time: string): number {
  return Date.parse(time) - Date.parse(token.issuedAt);
}
