// The page: signs in, holds a session of client/, and shows its state. `?mint=…&key=…` uses a deployed function.
import { createLiveSession, createLiveTokens } from './client/index.js';
import { webAudio } from './client/web-audio.js';
import { accounts } from './sign-in.js';
import { span, words } from './words.js';

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const stack = await (await fetch('stack.json')).json();
const key = query.get('key');
const isLocal = !key;
const mint = query.get('mint') ?? stack.mint;
const signIn = accounts(isLocal ? { key: 'any', emulator: stack.auth } : { key });
const audio = webAudio();
let user;
let session;
let socket;
let isBySound = true;
let last; // the status that was shown
let leftAt; // when the last connection was left
let gap;
let isAtEnd = true; // of the transcript

// Sign-in

async function become(how, email, password) {
  user = await signIn(how, email, password);
  newSession();
  showRoom(true);
  $('talk').focus();
}

function showRoom(isOpen, problem = '') {
  $('room').hidden = !isOpen;
  $('sign-in').hidden = isOpen;
  $('sign-in-error').textContent = problem;
}

const signInLocally = () =>
  become('signUp', `${crypto.randomUUID()}@example.com`, crypto.randomUUID()).catch(() =>
    showRoom(false, 'The local stack does not answer. Is `make web` still running?'),
  );

$('sign-in').onsubmit = async (event) => {
  event.preventDefault();
  const { email, password } = event.target.elements;
  const how = event.submitter?.value || 'signInWithPassword';
  await become(how, email.value, password.value).catch((error) =>
    showRoom(false, `That did not work: ${error.message}`),
  );
  password.value = '';
};

const enter = () => (isLocal ? signInLocally() : showRoom(false));

$('sign-out').onclick = async () => {
  await session?.stop();
  await enter();
};

// Session

function newSession() {
  const profile = $('profile').value || undefined;
  session = createLiveSession({
    tokens: createLiveTokens({ url: mint, getIdToken: user.getIdToken }, { profile }),
    audio: isBySound ? audio : undefined,
    createSocket: (url) => {
      socket = new WebSocket(url);
      return socket;
    },
  });
  leftAt = gap = undefined;
  session.subscribe(show);
  show();
}

const isOff = () => /idle|ended/.test(session.getState().status);

async function start(bySound) {
  await session.stop();
  isBySound = bySound;
  newSession();
  void session.start();
}

$('talk').onclick = () => void (isOff() ? start(true) : session.stop());
$('mute').onclick = () => session.mute(!session.getState().muted);
$('profile').onchange = () => void session.stop().then(newSession);
$('write').onsubmit = async (event) => {
  event.preventDefault();
  const { text } = event.target.elements;
  const said = text.value.trim();
  if (!said) return;
  text.value = '';
  if (isOff()) await start(false);
  session.sendText(said);
};
addEventListener('pagehide', () => void session?.stop());
for (const change of ['online', 'offline']) addEventListener(change, () => session && show());

// What is seen

function show() {
  const state = session.getState();
  if (state.status === 'resuming' && last !== 'resuming') leftAt = performance.now();
  if (state.status === 'live' && last === 'resuming') gap = Math.round(performance.now() - leftAt);
  last = state.status;
  const [title, hint, isAlarm = false] = words(state, navigator.onLine, isBySound);
  setText($('title'), title);
  setText($('hint'), hint);
  const { classList } = $('stage');
  classList.toggle('speaking', state.speaking);
  classList.toggle('alarm', isAlarm);
  classList.toggle('busy', /connecting|resuming/.test(state.status));
  setText($('talk'), isOff() ? 'Talk' : 'Stop');
  $('mute').hidden = isOff() || !isBySound;
  $('mute').ariaPressed = String(state.muted);
  setText($('mute'), state.muted ? 'Muted' : 'Mute');
  showTranscript(state);
  showFacts(state);
}

// Screen readers are told again of what is set again.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showTranscript({ transcript }) {
  const list = $('transcript');
  while (list.children.length > transcript.length) list.lastChild.remove();
  transcript.forEach((line, at) => {
    const old = list.children[at];
    const shown = `${line.done}${line.interrupted}${line.text}`;
    if (old?.dataset.shown === shown) return;
    const item = document.createElement('p');
    item.className = line.who;
    item.dataset.shown = shown;
    // Read out once, when it is complete.
    if (!line.done) item.ariaHidden = 'true';
    item.append(line.text);
    if (line.interrupted) item.append(Object.assign(document.createElement('small'), { textContent: 'interrupted' }));
    if (old) old.replaceWith(item);
    else list.append(item);
  });
  showEnd();
}

/** Shows the last words, unless the user has gone back to earlier ones. */
function showEnd() {
  const list = $('transcript');
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

$('transcript').onscroll = ({ target }) => {
  isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
};
new ResizeObserver(showEnd).observe($('transcript'));

// For developers

function showFacts(state) {
  const { token, renewal, lastClose, end } = state;
  const now = Date.now();
  const left = (time) => (time - now > 0 ? clock(time - now) : 'over');
  const opensBy = token && token.sentAt + Date.parse(token.newSessionExpireTime) - Date.parse(token.issuedAt);
  const error = end?.error ?? state.refusal;
  const facts = {
    Profile: token?.profile,
    Model: token?.model,
    'Token opens for': token && left(opensBy),
    'Lease ends in': token && left(renewal.end),
    'Renewal in': token && (renewal.from === Infinity ? 'none: last lease' : left(renewal.from)),
    'Tokens left': token?.quota?.remaining,
    'Minutes left': token?.quota?.minutesLeft,
    Connections: state.connections || undefined,
    Conversation: state.conversation,
    'Last gap': gap === undefined ? undefined : `${gap} ms`,
    'Last close': lastClose && `${lastClose.code} ${lastClose.kind}: ${lastClose.message}`,
    'Last error': error && [error.reason, error.message].filter(Boolean).join(': '),
    Cure: error?.next && `${error.next}${error.retryAfterSeconds ? `, in ${span(error.retryAfterSeconds)}` : ''}`,
    Request: error?.requestId,
  };
  const isLong = (name) => /^Last (close|error)|Request/.test(name);
  $('facts').replaceChildren(
    ...Object.entries(facts).filter(([, fact]) => fact !== undefined && fact !== false).flatMap(([name, fact]) => {
      const [term, detail] = [document.createElement('dt'), document.createElement('dd')];
      term.textContent = name;
      detail.textContent = fact;
      if (isLong(name)) term.className = detail.className = 'long';
      return [term, detail];
    }),
  );
}

function clock(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function openDrawer(isOpen) {
  $('drawer').hidden = !isOpen;
  $('open').ariaExpanded = String(isOpen);
}

$('open').onclick = () => openDrawer($('drawer').hidden);
addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || $('drawer').hidden) return;
  openDrawer(false);
  $('open').focus();
});

const put = (path, body) =>
  fetch(path, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** Sets the stop switch of a button, or takes it back; there is one at most. */
async function stopUsers(button, switches) {
  const isOn = button.ariaPressed === 'false';
  await put('switches', isOn ? switches : {});
  for (const each of $('provoke').querySelectorAll('[aria-pressed]')) each.ariaPressed = String(isOn && each === button);
  return isOn;
}

const PROVOKE = {
  async goAway() {
    await put('scenario', { connection: [{ steps: [{ do: 'go_away', time_left_seconds: 6 }] }] });
    if (!isOff()) socket?.close();
    return 'The next connection starts with goAway, 6 seconds before its end.';
  },
  drop() {
    if (isOff()) return 'There is no connection to drop.';
    socket?.close();
    return 'Dropped: the session finds its way back.';
  },
  pause: async (button) =>
    (await stopUsers(button, { service: { message: 'We are having a short break.' } }))
      ? 'Paused: new talks are refused, and a lease is not renewed.'
      : 'Open again.',
  block: async (button) =>
    (await stopUsers(button, { users: { [user.uid]: { message: 'This account is blocked.' } } }))
      ? 'Blocked: this user goes quiet with the lease.'
      : 'Unblocked.',
};
$('provoke').onclick = async ({ target }) => {
  const provoke = PROVOKE[target.dataset.do];
  if (provoke) setText($('provoked'), await provoke(target));
};

function tick() {
  const { microphone, speaker } = audio.levels();
  $('orb').style.setProperty('--level', String(Math.min(1, 4 * Math.max(microphone, speaker))));
  $('microphone').value = microphone;
  $('speaker').value = speaker;
  requestAnimationFrame(tick);
}

const named = query.get('profile');
const profiles = isLocal ? stack.profiles : [];
$('profile').append(...['', ...new Set([...profiles, ...(named ? [named] : [])])].map((name) => new Option(name || 'of the function', name)));
$('profile').value = named ?? '';
$('provoke').hidden = !isLocal;
$('provoke').querySelector('[data-do=goAway]').disabled = !stack.control;
$('sign-out').textContent = isLocal ? 'Become another user' : 'Sign out';
setInterval(() => session && !$('drawer').hidden && showFacts(session.getState()), 1000);
tick();
$('service').textContent = new URL(mint).host;
await enter();
