// Written by scripts/write-tables.mjs from tables/reasons.json. Do not edit.

/** Status or reason → what the app should do next. A reason without a row is like its status, and `stop` without either. */
export const NEXT: Readonly<Record<string, 'retry' | 'wait' | 'sign-in' | 'stop' | 'fix'>> = {
  INVALID_ARGUMENT: 'fix',
  UNAUTHENTICATED: 'sign-in',
  RESOURCE_EXHAUSTED: 'wait',
  UNAVAILABLE: 'retry',
  USER_DISABLED: 'stop',
  APP_CHECK_MISSING: 'fix',
  APP_CHECK_INVALID: 'stop',
  APP_CHECK_REPLAYED: 'fix',
  SERVICE_PAUSED: 'wait',
};

/** The reasons of the contract, and two of this package: `UNREACHABLE` and `UNEXPECTED_ANSWER`. */
export type KnownReason =
  | 'MALFORMED_REQUEST'
  | 'UNKNOWN_PROFILE'
  | 'INVALID_RESUMPTION_HANDLE'
  | 'ID_TOKEN_MISSING'
  | 'ID_TOKEN_INVALID'
  | 'ID_TOKEN_EXPIRED'
  | 'ID_TOKEN_REVOKED'
  | 'USER_DISABLED'
  | 'APP_CHECK_MISSING'
  | 'APP_CHECK_INVALID'
  | 'APP_CHECK_REPLAYED'
  | 'USER_NOT_ALLOWED'
  | 'PROFILE_NOT_ALLOWED'
  | 'SERVICE_PAUSED'
  | 'USER_BLOCKED'
  | 'SESSION_ENDED'
  | 'HOURLY_QUOTA_EXCEEDED'
  | 'DAILY_QUOTA_EXCEEDED'
  | 'MINUTES_EXCEEDED'
  | 'TOO_MANY_SESSIONS'
  | 'IDENTITY_UNAVAILABLE'
  | 'APP_CHECK_UNAVAILABLE'
  | 'QUOTA_UNAVAILABLE'
  | 'API_KEY_UNAVAILABLE'
  | 'API_KEY_REJECTED'
  | 'GEMINI_UNAVAILABLE'
  | 'GEMINI_RATE_LIMITED'
  | 'INTERNAL'
  | 'UNREACHABLE'
  | 'UNEXPECTED_ANSWER';
