// What the types say. Compiled by `npm run types`, never run: a line that should not compile has @ts-expect-error.
import type { HttpsCallable as Callable13 } from '@firebase/functions';
import type { HttpsCallable as ReactNativeCallable } from '@react-native-firebase/functions';
import type { HttpsCallable as Callable12 } from 'firebase/functions';
import {
  createLiveSession,
  createLiveTokens,
  type KnownReason,
  type LiveAudio,
  type LiveSession,
  type LiveTokenError,
  type LiveTokens,
} from '../src/index.js';

type IsAny<T> = 0 extends 1 & T ? true : false;
export const areKnown: [IsAny<Callable12>, IsAny<Callable13>, IsAny<ReactNativeCallable>] = [false, false, false];

declare const callable12: Callable12<{ profile?: string }, { token: string }>;
declare const callable13: Callable13;
declare const reactNative: ReactNativeCallable<{ profile?: string }, { token: string }>;
declare const audio: LiveAudio;

export const tokens: LiveTokens[] = [
  createLiveTokens(callable12),
  createLiveTokens(callable13, { profile: 'tutor', choices: { voice: 'Puck' } }),
  createLiveTokens(reactNative, { refreshIdToken: async () => {} }),
  createLiveTokens({ url: 'https://example.com', getIdToken: async () => 'token' }),
  // @ts-expect-error: a URL alone does not say who the user is
  createLiveTokens({ url: 'https://example.com' }),
  // @ts-expect-error: what the callable returns has `data`
  createLiveTokens(async () => 'token'),
];

export const session: LiveSession = createLiveSession({
  tokens: createLiveTokens(callable13),
  audio,
  tools: {
    add: ({ one, other }: { one: number; other: number }, call) => (call.cancelled ? undefined : one + other),
    wait: async () => {},
  },
});

export function words(error: LiveTokenError): string {
  const known: KnownReason = 'USER_BLOCKED';
  // @ts-expect-error: no such reason
  const unknown: KnownReason = 'USER_BLOCKT';
  switch (error.next) {
    case 'wait':
      return `${error.retryAfterSeconds}`;
    case 'sign-in':
    case 'retry':
    case 'stop':
    case 'fix':
      return error.reason === known ? known : unknown;
  }
}

export function outcome(): string {
  const { status, end } = session.getState();
  // @ts-expect-error: there is no such state
  if (status === 'closed') return '';
  // @ts-expect-error: who stopped has no error
  if (end?.how === 'stopped') return end.error.message;
  return end?.how === 'refused' ? end.error.next : (end?.error.message ?? '');
}
