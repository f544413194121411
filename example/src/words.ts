// What a person reads in each state, as on the page of `make web`: a title, a sentence, and whether it is bad news.
import type { LiveEnd, LiveState, LiveTokenError } from 'gemini-live-tokens';
import { isLiveTokenError, LiveConnectError } from 'gemini-live-tokens';
import { Platform } from 'react-native';

export type Words = [title: string, hint: string, isAlarm?: boolean];

const IS_PHONE = Platform.OS !== 'web';
const TITLES: Record<string, string> = {
  SERVICE_PAUSED: 'Closed for the moment',
  MINUTES_EXCEEDED: 'Your minutes are used up',
  HOURLY_QUOTA_EXCEEDED: 'That was enough for this hour',
  DAILY_QUOTA_EXCEEDED: 'That was enough for today',
  TOO_MANY_SESSIONS: 'You are already talking',
  USER_BLOCKED: 'You cannot talk here any more',
  USER_NOT_ALLOWED: 'This is not open to you',
  PROFILE_NOT_ALLOWED: 'This is not open to you',
  UNEXPECTED_ANSWER: 'Nobody to talk to at this address',
};
const OF_THE_DEVICE: Record<string, Words> = {
  NotAllowedError: [
    'The microphone is blocked',
    IS_PHONE
      ? 'Allow it in the settings of this phone, then tap Talk. Or write.'
      : 'Allow it beside the address of this page, then tap Talk. Or write.',
  ],
  NotFoundError: ['There is no microphone', 'Connect one, then tap Talk. Or write: that works without.'],
};

/** Returns a time span in words. */
function span(seconds: number): string {
  const [count, unit]: [number, string] =
    seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return `${Math.ceil(count)} ${unit}${Math.ceil(count) === 1 ? '' : 's'}`;
}

function ofRefusal(error: LiveTokenError): Words {
  const when = error.retryAfterSeconds ? ` You can come back in ${span(error.retryAfterSeconds)}.` : '';
  const title = TITLES[error.reason] ?? (error.next === 'sign-in' ? 'Please sign in again' : 'That did not work');
  return [title, error.message + when];
}

function ofEnd(end: LiveEnd, isOnline: boolean): Words {
  if (end.how === 'stopped') return ['See you soon', 'Tap Talk to start again.'];
  const { error } = end;
  const ofDevice = OF_THE_DEVICE[error.name];
  if (ofDevice) return ofDevice;
  const close = error instanceof LiveConnectError ? error.close : undefined;
  const refusal = isLiveTokenError(error) ? error : undefined;
  const isUnreachable = refusal?.reason === 'UNREACHABLE' || close?.kind === 'unreachable';
  if (isUnreachable && !isOnline) return ['You are offline', 'Connect to the internet, then tap Talk.'];
  if (isUnreachable) return ['No answer', 'Check your connection, then tap Talk.'];
  if (close) return ['Gemini cannot talk now', `It is not your fault. The cause: ${close.kind}.`];
  return refusal ? ofRefusal(refusal) : ['That did not work', error.message];
}

export function words(state: LiveState, isOnline: boolean, isBySound: boolean): Words {
  const { status, end, refusal, renewal } = state;
  if (status === 'connecting') {
    return [
      'One moment',
      isBySound ? `If your ${IS_PHONE ? 'phone' : 'browser'} asks for the microphone, say yes.` : '',
    ];
  }
  if (status === 'resuming') {
    const said = 'The connection is renewed. Keep talking: your words are kept.';
    return ['Still with you', isBySound ? said : 'The connection is renewed. Go on: your words are kept.'];
  }
  if (status === 'ended' && end) {
    const [title, hint] = ofEnd(end, isOnline);
    return [title, hint, end.how !== 'stopped'];
  }
  if (status === 'idle') return ['Ready when you are', 'Tap Talk and speak, or write below.'];
  if (refusal && renewal) {
    const time = new Date(renewal.end).toLocaleTimeString([], { timeStyle: 'short' });
    return ['This talk ends soon', `${ofRefusal(refusal)[1]} It ends at ${time} at the latest.`, true];
  }
  if (state.speaking) return ['Speaking', IS_PHONE ? 'Write to interrupt.' : 'Talk to interrupt.'];
  if (!isBySound) return ['Reading', 'Write below. To speak, tap Stop, then Talk.'];
  if (state.muted) return ['You are muted', 'Nothing you say is sent.'];
  return ['Listening', 'Say something.'];
}
