// What a person reads in each state: a title, a sentence, and whether it is bad news.

const TITLES = {
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
const OF_THE_DEVICE = {
  NotAllowedError: ['The microphone is blocked', 'Allow it beside the address of this page, then tap Talk. Or write.'],
  NotFoundError: ['There is no microphone', 'Connect one, then tap Talk. Or write: that works without.'],
};

/** Returns a time span in words. */
export function span(seconds) {
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return `${Math.ceil(count)} ${unit}${Math.ceil(count) === 1 ? '' : 's'}`;
}

function ofRefusal(error) {
  const when = error.retryAfterSeconds ? ` You can come back in ${span(error.retryAfterSeconds)}.` : '';
  const title = TITLES[error.reason] ?? (error.next === 'sign-in' ? 'Please sign in again' : 'That did not work');
  return [title, error.message + when];
}

function ofEnd({ how, error }, isOnline) {
  if (how === 'stopped') return ['See you soon', 'Tap Talk to start again.'];
  if (OF_THE_DEVICE[error.name]) return OF_THE_DEVICE[error.name];
  const isUnreachable = error.reason === 'UNREACHABLE' || error.close?.kind === 'unreachable';
  if (isUnreachable && !isOnline) return ['You are offline', 'Connect to the internet, then tap Talk.'];
  if (isUnreachable) return ['No answer', 'Check your connection, then tap Talk.'];
  if (error.close) return ['Gemini cannot talk now', 'It is not your fault. The cause is under Developer.'];
  return ofRefusal(error);
}

export function words(state, isOnline, isBySound) {
  const { status, end, refusal, renewal } = state;
  if (status === 'connecting') return ['One moment', isBySound ? 'If your browser asks for the microphone, say yes.' : ''];
  if (status === 'resuming') return ['Still with you', 'The connection is renewed. Go on: your words are kept.'];
  if (status === 'ended') return [...ofEnd(end, isOnline), end.how !== 'stopped'];
  if (status === 'idle') return ['Ready when you are', 'Tap Talk and speak, or write below.'];
  if (refusal) {
    const time = new Date(renewal.end).toLocaleTimeString([], { timeStyle: 'short' });
    return ['This talk ends soon', `${ofRefusal(refusal)[1]} It ends at ${time} at the latest.`, true];
  }
  if (state.speaking) return ['Speaking', 'Talk to interrupt.'];
  if (!isBySound) return ['Reading', 'Write below. To speak, tap Stop, then Talk.'];
  if (state.muted) return ['You are muted', 'Nothing you say is sent.'];
  return ['Listening', 'Say something.'];
}
