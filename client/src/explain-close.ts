import { CLOSES, type LiveCloseKind, type LiveCloseNext } from './closes.js';

/** A close of the WebSocket, and what to do about it. */
export interface LiveClose {
  code: number;
  /** Gemini's words, cut at 123 bytes. */
  reason: string;
  kind: LiveCloseKind;
  next: LiveCloseNext;
  /** Says `kind`, and where its meaning and its cure are: for developers. */
  message: string;
}

/**
 * Explains a close. The text counts first: Gemini's codes are not stable.
 *
 * @param reason may be missing: React Native on iOS gives null.
 * @param wasOpen whether `setupComplete` had come.
 */
export function explainClose(code: number, reason: string | null | undefined, wasOpen: boolean): LiveClose {
  const words = reason ?? '';
  const close = `${code} ${wasOpen ? 'open' : 'opening'}: ${words.toLowerCase()}`;
  const [kind, next] = CLOSES.find(([, , fits]) => fits.test(close)) as (typeof CLOSES)[number]; // the last fits all
  return { code, reason: words, kind, next, message: `Closed: ${kind}. See docs/client.md.` };
}
