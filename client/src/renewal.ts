import { type LiveToken, sinceIssue } from './live-token.js';

/** When a token has to be followed by the next, in milliseconds of the local clock. */
export interface Renewal {
  /** From then on, at a pause. Infinity in the last lease. */
  from: number;
  /** Then at the latest. Infinity in the last lease. */
  until: number;
  /** The connection ends then. */
  end: number;
}

// The server's times are in whole seconds, cut off.
const SECOND = 1000;
const LONGEST_WINDOW = 60 * SECOND;
const SWAP = 10 * SECOND;

/**
 * Returns when to renew a token. A call too early would be a reconnect without new time, so that counts from when the
 * answer came; the other times count from when the call was sent.
 */
export function renewalOf(token: LiveToken): Renewal {
  const lifetime = sinceIssue(token, token.expireTime);
  const end = token.sentAt + lifetime;
  const { session } = token;
  if (!session) {
    // Without sessions every token has its own end. The window is like that of a lease.
    const window = Math.min(lifetime / 3, LONGEST_WINDOW);
    return { from: end - window, until: end - Math.min(SWAP, window / 2), end };
  }
  if (!session.renewAfter || !session.renewBefore) return { from: Infinity, until: Infinity, end };
  return {
    from: token.receivedAt + sinceIssue(token, session.renewAfter) + SECOND,
    until: token.sentAt + sinceIssue(token, session.renewBefore) - SECOND,
    end,
  };
}
