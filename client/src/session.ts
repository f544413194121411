import type { LiveAudio } from './audio.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { type Clock, ignore, pause, systemClock } from './clock.js';
import { LiveConnectError, type LiveConnection, type LiveMessage, type LiveSocket, openConnection } from './connect.js';
import type { LiveClose } from './explain-close.js';
import { type LiveToken, sinceIssue } from './live-token.js';
import { isLiveTokenError, type LiveTokenError } from './live-token-error.js';
import { createMicrophone } from './microphone.js';
import { type Renewal, renewalOf } from './renewal.js';
import type { LiveTokens } from './tokens.js';
import { createRunningCalls, type LiveTools } from './tool-calls.js';
import { type Transcript, withoutOpenLines, withWords } from './transcript.js';

export interface LiveSessionOptions {
  tokens: LiveTokens;
  /** Without it, the session is one of text and transcripts. */
  audio?: LiveAudio | undefined;
  /** Name → what runs the tool. The profile declares the tools. */
  tools?: LiveTools | (() => LiveTools) | undefined;
  /** Each message of Gemini, after the session has acted on it. */
  onMessage?: ((message: LiveMessage) => void) | undefined;
  createSocket?: ((url: string) => LiveSocket) | undefined;
  clock?: Clock;
}

/**
 * How a session ended: the app stopped it; the function gave no token (`refused`, with a `LiveTokenError`); or `failed`:
 * the microphone, or a `LiveConnectError`, or the function could not be reached.
 */
export type LiveEnd =
  | { how: 'stopped' }
  | { how: 'refused'; error: LiveTokenError }
  | { how: 'failed'; error: LiveTokenError | LiveConnectError | Error };

/** Everything that a user interface shows. A new object after each change. */
export interface LiveState {
  status: 'idle' | 'connecting' | 'live' | 'resuming' | 'ended';
  /** With `ended`: how. */
  end?: LiveEnd;
  /** Sound of the model can be heard: follows the playback queue, not the server. */
  speaking: boolean;
  muted: boolean;
  transcript: Transcript;
  /** Names of the tools that run. */
  runningTools: readonly string[];
  /** Grows when the model starts anew without memory of what was said before. 1 is the first conversation. */
  conversation: number;
  /** How many connections were opened. */
  connections: number;
  /** The token of the connection, without what is secret. */
  token?: Omit<LiveToken, 'token' | 'websocketUrl' | 'setup'>;
  /** When the lease has to be renewed and when it ends, in milliseconds of the local clock. */
  renewal?: Renewal;
  /** The last close, for developers. */
  lastClose?: LiveClose;
  /** The next lease was refused: the talk ends at `renewal.end`, unless the cause goes away. */
  refusal?: LiveTokenError;
}

/** A conversation over all its connections. */
export interface LiveSession {
  /** Starts or joins the start. Call it in the handler of a tap. Resolves when the session is live or has ended. */
  start(): Promise<void>;
  /** Ends it, whatever is under way. Resolves when the function knows and the microphone is off. */
  stop(): Promise<void>;
  mute(muted: boolean): void;
  /** Says something in writing. Returns false if the session is not running. */
  sendText(text: string): boolean;
  /** Shows an image: its bytes, or base64. Returns false if the session is not running. */
  sendImage(image: Uint8Array | string, mimeType?: string): boolean;
  getState(): LiveState;
  /** Calls the listener after each change, until the result is called. */
  subscribe(listener: () => void): () => void;
}

// A connection that lived shorter than this counts as an attempt that failed.
const STABLE = 10_000;
const MOST_ATTEMPTS = 5;
// So many failures in a row, not of the network, are the handle's.
const MOST_WITH_HANDLE = 3;
const FIRST_BACKOFF = 500;
// A call for the next lease that failed is tried again after this.
const PREPARE_AGAIN = 5000;
// goAway leaves this much for the change of connections.
const SWAP = 2000;
// About ten seconds of sound that did not leave the device.
const STALLED_BYTES = 430_000;

const AT_REST = {
  status: 'idle',
  speaking: false,
  muted: false,
  transcript: [],
  runningTools: [],
  conversation: 1,
  connections: 0,
} as const satisfies LiveState;

/** Creates a session. Nothing happens before `start()`. */
export function createLiveSession(options: LiveSessionOptions): LiveSession {
  const { tokens, audio, clock = systemClock, createSocket } = options;
  const listeners = new Set<() => void>();
  let state: LiveState = AT_REST;
  let run = 0; // of the start that counts: what older ones still wait for is ignored
  let starting: Promise<void> | undefined;
  let ending: Promise<void> | undefined;
  let attempt: ReturnType<typeof openConnection> | undefined;
  let connection: LiveConnection | undefined;
  let openedAt = 0;
  let failures = 0;
  let sessionId: string | undefined;
  let handle: string | undefined;
  let resumable = false;
  let turnIsOpen = false;
  let timers: (() => void)[] = [];
  let unsent: object[] = [];
  // The connection is to be changed: at a pause, or at the deadline.
  let due: { deadline: number } | undefined;
  let next: { token: LiveToken; handle: string | undefined } | 'asked' | undefined;

  function set(change: Partial<LiveState>): void {
    state = { ...state, ...change };
    for (const listener of [...listeners]) listener();
  }

  function send(message: object): boolean {
    if (state.status !== 'live' || !connection) return false;
    connection.send(message);
    if (connection.bufferedBytes > STALLED_BYTES) change(); // half open: no close event comes
    return true;
  }

  const microphone = createMicrophone(send);
  const calls = createRunningCalls(
    () => (typeof options.tools === 'function' ? options.tools() : (options.tools ?? {})),
    (response) => send({ toolResponse: { functionResponses: [response] } }),
    showCalls,
  );

  function showCalls(): void {
    set({ runningTools: calls.names() });
    changeIfDue();
  }

  /** Opens connections until one is open, or the session has ended. */
  async function connect(mine: number, prepared?: LiveToken): Promise<void> {
    for (;;) {
      if (failures > 0) await pause(clock, FIRST_BACKOFF * 2 ** (failures - 1));
      if (mine !== run) return;
      let token = prepared;
      prepared = undefined;
      const usedHandle = handle;
      try {
        token ??= await take(mine, () => mine === run);
      } catch (thrown) {
        const error = thrown as LiveTokenError;
        if (mine !== run) return;
        if (error.reason === 'INVALID_RESUMPTION_HANDLE' && handle !== undefined) {
          await forget();
          continue;
        }
        const { lastClose } = state;
        if (error.reason === 'SESSION_ENDED' && state.connections === 0 && lastClose) {
          // The first connections died. Another session would cost the user another lease for the same fault.
          return fail(new LiveConnectError(lastClose));
        }
        return isRefusal(error) ? finish({ how: 'refused', error }) : fail(error);
      }
      if (!token) return;
      sessionId = token.session?.id;
      resumable = usedHandle !== undefined;
      turnIsOpen = false;
      const taken = token;
      const handlers = {
        onOpen: during(mine, (opened: LiveConnection) => live(opened, taken, usedHandle)),
        onMessage: during(mine, received),
        onClose: during(mine, closed),
      };
      try {
        attempt = openConnection(token, handlers, createSocket ? { clock, createSocket } : { clock });
        await attempt.opened;
        return;
      } catch (error) {
        if (mine !== run || (await hasFailed((error as LiveConnectError).close))) return;
      }
    }
  }

  /** Returns what calls `then` unless the session has ended or was started anew. */
  function during<T>(mine: number, then: (value: T) => void): (value: T) => void {
    return (value) => {
      if (mine === run) then(value);
    };
  }

  /** Takes the next token. Undefined if the session has ended meanwhile: the lease is given back. */
  async function take(mine: number, stillWanted: () => boolean): Promise<LiveToken | undefined> {
    try {
      const token = await tokens.take({ session: sessionId, resumptionHandle: handle, stillWanted });
      if (mine === run) return token;
      await release(token.session?.id);
      return undefined;
    } catch (error) {
      if (stillWanted()) sessionId = (error as LiveTokenError).session ?? sessionId;
      throw error;
    }
  }

  async function release(session: string | undefined): Promise<void> {
    if (session) await tokens.end(session).catch(ignore);
  }

  /** Acts on a close, which counts as a failed attempt or not. Returns whether the session has ended with it. */
  async function hasFailed(close: LiveClose, counts = true): Promise<boolean> {
    if (counts) failures++;
    const isOver = /^(fix|operator)$/.test(close.next) || failures >= MOST_ATTEMPTS;
    if (isOver) fail(new LiveConnectError(close), close);
    else set({ lastClose: close });
    if (isOver || !counts) return isOver;
    const ofNetwork = /^(unreachable|dropped|no-answer)$/.test(close.kind);
    const ofHandle = close.next === 'new-conversation' || (failures === MOST_WITH_HANDLE && !ofNetwork);
    if (handle !== undefined && ofHandle) await forget();
    return false;
  }

  /** Drops handle and session: the next token begins a conversation from nothing. */
  async function forget(): Promise<void> {
    handle = undefined;
    const id = sessionId;
    sessionId = undefined;
    await release(id);
  }

  function live(opened: LiveConnection, token: LiveToken, usedHandle: string | undefined): void {
    connection = opened;
    openedAt = clock.now();
    const { token: _, websocketUrl: __, setup: ___, ...shown } = token;
    const renewal = renewalOf(token);
    const isNew = usedHandle === undefined && state.connections > 0;
    set({
      status: 'live',
      token: shown,
      renewal,
      connections: state.connections + 1,
      conversation: state.conversation + (isNew ? 1 : 0),
    });
    microphone.resume();
    for (const message of unsent.splice(0)) send(message);
    if (renewal.from === Infinity) return;
    at(renewal.from, () => {
      due ??= { deadline: renewal.until };
      changeIfDue();
    });
    at(renewal.until, changeIfDue);
  }

  function at(time: number, then: () => void): void {
    timers.push(clock.after(time - clock.now(), then));
  }

  /** Changes the connection if it is due and this is the moment; asks for the next token before. */
  function changeIfDue(): void {
    if (!due || state.status !== 'live') return;
    const atPause = !turnIsOpen && !state.speaking && resumable && !calls.names().length;
    const hasTime = clock.now() < due.deadline;
    if (next === 'asked' || (!atPause && hasTime)) return;
    if (!next && hasTime) return void prepare(run);
    const { token } = next ?? {};
    // Where words were exchanged since the token was asked for, it would lead back to before them.
    const leadsHere = token && next?.handle === handle;
    const isFresh = leadsHere && clock.now() - token.sentAt < sinceIssue(token, token.newSessionExpireTime) - SWAP;
    change(isFresh ? token : undefined);
  }

  /** Takes the next token while the connection is open: a refusal then costs nothing of what is left of the lease. */
  async function prepare(mine: number): Promise<void> {
    next = 'asked';
    const before = handle;
    const changed = connection;
    const current = () => mine === run && connection === changed;
    try {
      const token = await take(mine, current);
      if (!token || !current()) return;
      next = { token, handle: before };
      changeIfDue();
    } catch (thrown) {
      if (!current()) return;
      const error = thrown as LiveTokenError;
      next = undefined;
      if (error.next === 'retry') return at(clock.now() + PREPARE_AGAIN, changeIfDue);
      due = undefined;
      set({ refusal: error });
    }
  }

  /** Closes the connection and opens the next. */
  function change(prepared?: LiveToken): void {
    if (clock.now() - openedAt >= STABLE) failures = 0;
    const old = leave('resuming');
    const mine = run;
    set({});
    void old?.close().then(() => connect(mine, prepared));
  }

  /** What ends with a connection. Returns it. */
  function leave(status: 'resuming' | 'ended', end?: LiveEnd): LiveConnection | undefined {
    const old = connection;
    connection = undefined;
    due = undefined;
    next = undefined;
    for (const cancel of timers) cancel();
    timers = [];
    calls.cancel();
    const { refusal: _, ...kept } = state;
    state = { ...kept, status, runningTools: [], transcript: withoutOpenLines(state.transcript), ...(end && { end }) };
    return old;
  }

  function closed(close: LiveClose): void {
    const isStable = clock.now() - openedAt >= STABLE;
    if (isStable) failures = 0;
    const mine = run;
    leave('resuming');
    void hasFailed(close, !isStable && close.kind !== 'token-expired').then((isOver) => {
      if (!isOver) return connect(mine);
    });
  }

  function received(message: LiveMessage): void {
    const { serverContent: content, toolCall, toolCallCancellation, goAway, sessionResumptionUpdate } = message;
    if (content) heard(content);
    if (toolCall) {
      turnIsOpen = true;
      calls.start(toolCall.functionCalls ?? []);
    }
    if (toolCallCancellation) {
      calls.cancel(toolCallCancellation.ids ?? []);
      showCalls();
    }
    if (sessionResumptionUpdate) {
      resumable = sessionResumptionUpdate.resumable === true;
      if (resumable && sessionResumptionUpdate.newHandle) handle = sessionResumptionUpdate.newHandle;
    }
    if (goAway) {
      const left = Number.parseFloat(goAway.timeLeft) * 1000 || 0;
      const deadline = Math.min(clock.now() + Math.max(left - SWAP, left / 2), due?.deadline ?? Infinity);
      const { from = 0 } = state.renewal ?? {};
      const begin = () => {
        due = { deadline };
        changeIfDue();
      };
      // A token that is taken a moment later is the next lease: one change of connections, not two.
      if (from > clock.now() && from < deadline) at(from, begin);
      else begin();
      at(deadline, changeIfDue);
    }
    options.onMessage?.(message);
    changeIfDue();
  }

  function heard(content: LiveMessage): void {
    let { transcript } = state;
    const said = content.inputTranscription?.text;
    const answered = content.outputTranscription?.text;
    if (said) transcript = withWords(transcript, 'user', said);
    if (answered) transcript = withWords(transcript, 'model', answered);
    if (said || answered || content.modelTurn) turnIsOpen = true;
    for (const part of content.modelTurn?.parts ?? []) {
      if (part.inlineData?.mimeType?.startsWith('audio/')) audio?.play(decodeBase64(part.inlineData.data));
    }
    if (content.interrupted) {
      audio?.flush();
      transcript = withoutOpenLines(transcript, 'model', { interrupted: true });
    }
    if (content.generationComplete || content.turnComplete || content.interrupted) {
      transcript = withoutOpenLines(transcript, 'model');
      turnIsOpen = content.interactionStatus === 'IN_PROGRESS';
    }
    if (content.interactionStatus === 'IDLE') turnIsOpen = false;
    if (transcript !== state.transcript) set({ transcript });
  }

  function fail(error: Error, lastClose?: LiveClose): void {
    finish({ how: 'failed', error }, lastClose);
  }

  /** Ends the session, and gives back what it holds. */
  function finish(end: LiveEnd, lastClose = state.lastClose): void {
    run++;
    const old = leave('ended', end);
    const id = sessionId;
    const pending = attempt;
    sessionId = undefined;
    handle = undefined;
    starting = undefined;
    unsent = [];
    microphone.clear();
    ending = Promise.all([old?.close(), pending?.close(), audio?.stop().catch(ignore), release(id)]).then(() => {
      ending = undefined;
    });
    set({ speaking: false, ...(lastClose && { lastClose }) });
  }

  const session: LiveSession = {
    start() {
      if (starting) return starting;
      const mine = ++run;
      failures = 0;
      state = { ...AT_REST, muted: state.muted };
      set({ status: 'connecting' });
      starting = (async () => {
        if (ending) await ending;
        if (mine !== run) return;
        try {
          // Before the token: a permission dialog can stay open for longer than a token waits.
          await audio?.start({
            onMicrophone: during(mine, microphone.hear),
            onPlaying: during(mine, (speaking) => {
              set({ speaking });
              changeIfDue();
            }),
          });
        } catch (error) {
          if (mine === run) fail(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (mine === run) await connect(mine);
        else await audio?.stop().catch(ignore);
      })();
      return starting;
    },
    async stop() {
      if (starting) finish({ how: 'stopped' });
      await ending;
    },
    mute(muted) {
      microphone.mute(muted);
      set({ muted });
    },
    sendText(text) {
      if (!sendOrKeep({ realtimeInput: { text } })) return false;
      turnIsOpen = true;
      const lines = withWords(withoutOpenLines(state.transcript, 'user'), 'user', text);
      set({ transcript: withoutOpenLines(lines, 'user') });
      return true;
    },
    sendImage(image, mimeType = 'image/jpeg') {
      const data = typeof image === 'string' ? image : encodeBase64(image);
      return sendOrKeep({ realtimeInput: { video: { data, mimeType } } });
    },
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };

  function sendOrKeep(message: object): boolean {
    if (!starting) return false;
    if (!send(message)) unsent.push(message);
    return true;
  }

  return session;
}

/** Whether the function said no, and did not fail. */
function isRefusal(error: LiveTokenError): boolean {
  return isLiveTokenError(error) && /^(wait|sign-in|stop)$/.test(error.next) && error.reason !== 'INTERNAL';
}
