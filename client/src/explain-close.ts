import { CLOSES, type LiveCloseKind, type LiveCloseNext } from './closes.js';

/** A close of the WebSocket, and what to do about it. */
export interface LiveClose {
  code: number;
  /** Gemini's words, cut at 123 bytes. */
  reason: string;
  kind: LiveCloseKind;
  next: LiveCloseNext;
  /** What it means and how to cure it, for developers. */
  message: string;
}

/**
 * Explains a close. The text counts first: Gemini's codes are not stable.
 *
 * @param reason may be missing: React Native on iOS gives null.
 * @param wasOpen whether `setupComplete` had come.
 */
export function explainClose(code: number, reason: string | null | undefined, wasOpen: boolean): LiveClose {
  const words = (reason ?? '').toLowerCase();
  const moment = wasOpen ? 'open' : 'opening';
  const row = CLOSES.find(
    ([, codes, texts, when]) =>
      (codes.length === 0 || codes.includes(code)) &&
      (texts.length === 0 || texts.some((text) => words.includes(text))) &&
      (when === '' || when === moment),
  ) as (typeof CLOSES)[number]; // the last row fits everything
  return { code, reason: reason ?? '', kind: row[0], next: row[4], message: row[5] };
}
