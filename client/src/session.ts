import type { LiveAudio } from './audio.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { type Clock, ignore, pause, systemClock } from './clock.js';
import {
  LiveConnectError,
  type LiveConnection,
  type LiveMessage,
  type LiveSocket,
  NO_ANSWER,
  openConnection,
} from './connect.js';
import { explainClose, type LiveClose } from './explain-close.js';
import { type LiveToken, sinceIssue } from './live-token.js';
import type { LiveTokenError } from './live-token-error.js';
import { createMicrophone } from './microphone.js';
import { type Renewal, renewalOf } from './renewal.js';
import type { LiveTokens } from './tokens.js';
import { createRunningCalls, type LiveTools, toError } from './tool-calls.js';
import { type Transcript, withoutOpenLines, withWords } from './transcript.js';

export interface LiveSessionOptions {
  tokens: LiveTokens;
  /** Without it, the session is one of text and transcripts. */
  audio?: LiveAudio | undefined;
  /** Name → what runs the tool. The profile declares the tools. */
  tools?: LiveTools | (() => LiveTools) | undefined;
  /** Each message of Gemini, after the session has acted on it. */
  onMessage?: ((message: LiveMessage) => void) | undefined;
  /**
   * How long nothing may come after the user has spoken or written. Then the session resumes on another connection, with
   * `no-answer` as `lastClose`, and waits twice as long there. 15000 by default; Infinity turns it off.
   */
  answerMilliseconds?: number | undefined;
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
  end?: LiveEnd | undefined;
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
  refusal?: LiveTokenError | undefined;
}

/** A conversation over all its connections. */
export interface LiveSession {
  /** Starts or joins the start. Call it in the handler of a tap. Resolves when the session is live or has ended. */
  start(): Promise<void>;
  /** Ends it, whatever is under way. Resolves when the function knows and the microphone is off. */
  stop(): Promise<void>;
  /** Switches the microphone off or on. Its last words are followed by a second of quiet, so that the model answers. */
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
// A half-open network and a server that hangs are told by it: no close event comes. The user has no more patience.
const LONGEST_SILENCE = 15_000;
// Platforms count milliseconds in 31 bits.
const LONGEST_TIMER = 2e9;
// About ten seconds of sound that did not leave the device.
const STALLED_BYTES = 400_000;

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
  const { tokens, audio, clock = systemClock, createSocket, answerMilliseconds = LONGEST_SILENCE } = options;
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
  // What is sent when there is a connection, or again when this one ends before the model reacts.
  let unanswered: object[] = [];
  let silences = 0; // in a row, by which connections were given up
  let cancelWatch = ignore;
  // The connection is to be changed: from then on at a pause, and then at the latest.
  let from = Infinity;
  let until = Infinity;
  let next: { token: LiveToken; handle: string | undefined } | 'asked' | undefined;

  function set(change: Partial<LiveState>): void {
    state = { ...state, ...change };
    for (const listener of [...listeners]) listener();
  }

  function send(message: object): boolean {
    if (!connection) return false;
    connection.send(message);
    if (connection.bufferedBytes > STALLED_BYTES) giveUp();
    return true;
  }

  /** The user has spoken or written. */
  function expectAnswer(): void {
    if (!connection) return;
    cancelWatch();
    cancelWatch = clock.after(Math.min(answerMilliseconds * 2 ** silences, LONGEST_TIMER), () => {
      if (!calls.names().length) giveUp();
    });
  }

  function stopWatching(): void {
    cancelWatch();
    cancelWatch = ignore;
  }

  /** Changes a connection from which nothing comes any more. */
  function giveUp(): void {
    silences++;
    set({ lastClose: explainClose(NO_ANSWER, '', true) });
    change();
  }

  const microphone = createMicrophone(send, () => {
    if (!state.speaking) expectAnswer(); // what is heard while the model speaks can be its echo
  });
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
      if (failures) await pause(clock, FIRST_BACKOFF * 2 ** (failures - 1));
      if (mine !== run) return;
      let token = prepared;
      prepared = undefined;
      const usedHandle = handle;
      try {
        token ??= await take(() => mine === run);
        if (mine !== run) return;
      } catch (thrown) {
        const error = thrown as LiveTokenError;
        if (mine !== run) return;
        if (error.reason === 'INVALID_RESUMPTION_HANDLE' && handle !== undefined) {
          await forget();
          continue;
        }
        if (error.reason === 'SESSION_ENDED' && !state.connections && state.lastClose) {
          // The first connections died. Another session would cost the user another lease for the same fault.
          return fail(new LiveConnectError(state.lastClose));
        }
        // Whether the function said no, and did not fail.
        const isRefusal = /wait|sign-in|stop/.test(error.next) && error.reason !== 'INTERNAL';
        return isRefusal ? finish({ how: 'refused', error }) : fail(error);
      }
      sessionId = token.session?.id;
      resumable = usedHandle !== undefined;
      turnIsOpen = false;
      const taken = token;
      const onOpen = (opened: LiveConnection) => live(opened, taken, usedHandle);
      try {
        attempt = openConnection(token, { onOpen, onMessage: received, onClose: closed }, { clock, createSocket });
        await attempt.opened;
        return;
      } catch (error) {
        if (mine !== run || (await hasFailed((error as LiveConnectError).close))) return;
      }
    }
  }

  /** Takes the next token. If the session has ended meanwhile, the lease is given back. */
  async function take(stillWanted: () => boolean): Promise<LiveToken> {
    const mine = run;
    try {
      const token = await tokens.take({ session: sessionId, resumptionHandle: handle, stillWanted });
      if (mine !== run) await release(token.session?.id);
      return token;
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
    const isOver = /fix|operator/.test(close.next) || failures >= MOST_ATTEMPTS;
    state = { ...state, lastClose: close };
    if (isOver) fail(new LiveConnectError(close));
    else set({});
    if (isOver || !counts) return isOver;
    const ofNetwork = /unreachable|dropped|no-answer/.test(close.kind);
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
    from = renewal.from;
    until = renewal.until;
    const isNew = usedHandle === undefined && state.connections > 0;
    set({
      status: 'live',
      token: shown,
      renewal,
      connections: state.connections + 1,
      conversation: state.conversation + Number(isNew),
    });
    microphone.resume();
    if (unanswered.splice(0).map(send).length) expectAnswer();
    changeAt(from);
    changeAt(until);
  }

  function changeAt(time: number): void {
    if (time < Infinity) timers.push(clock.after(time - clock.now(), changeIfDue));
  }

  /** Changes the connection if it is due and this is the moment; asks for the next token before. */
  function changeIfDue(): void {
    if (!connection || clock.now() < from) return;
    const atPause = !turnIsOpen && !state.speaking && resumable && !calls.names().length;
    const hasTime = clock.now() < until;
    if (next === 'asked' || (!atPause && hasTime)) return;
    if (!next && hasTime) return void prepare();
    const { token } = next ?? {};
    // Where words were exchanged since the token was asked for, it would lead back to before them.
    const leadsHere = token && next?.handle === handle;
    const isFresh = leadsHere && clock.now() - token.sentAt < sinceIssue(token, token.newSessionExpireTime) - SWAP;
    change(isFresh ? token : undefined);
  }

  /** Takes the next token while the connection is open: a refusal then costs nothing of what is left of the lease. */
  async function prepare(): Promise<void> {
    next = 'asked';
    const before = handle;
    const changed = connection;
    const current = () => connection === changed;
    try {
      const token = await take(current);
      if (!current()) return;
      next = { token, handle: before };
      changeIfDue();
    } catch (thrown) {
      if (!current()) return;
      const error = thrown as LiveTokenError;
      next = undefined;
      if (error.next === 'retry') return changeAt(clock.now() + PREPARE_AGAIN);
      from = Infinity;
      set({ refusal: error });
    }
  }

  /** Closes the connection and opens the next. */
  function change(prepared?: LiveToken): void {
    if (clock.now() - openedAt >= STABLE) failures = 0;
    leave('resuming');
    const mine = run;
    set({});
    void attempt?.close().then(() => connect(mine, prepared));
  }

  /** What ends with a connection. */
  function leave(status: 'resuming' | 'ended', end?: LiveEnd): void {
    connection = undefined;
    stopWatching();
    next = undefined;
    for (const cancel of timers) cancel();
    timers = [];
    calls.cancel();
    const transcript = withoutOpenLines(state.transcript);
    state = { ...state, status, end, transcript, runningTools: [], refusal: undefined };
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
    if (cancelWatch !== ignore) expectAnswer(); // a sign of life, but perhaps the end of the turn before
    if (content) heard(content);
    if (toolCall) {
      reacted();
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
      until = Math.min(until, clock.now() + Math.max(left - SWAP, left / 2));
      // Otherwise the token that is taken a moment later is the next lease: one change of connections, not two.
      if (from >= until) from = 0;
      changeAt(until);
    }
    options.onMessage?.(message);
    changeIfDue();
  }

  /** The model does something with what the user has said. */
  function reacted(): void {
    turnIsOpen = true;
    stopWatching();
    silences = 0;
    unanswered = [];
  }

  function heard(content: LiveMessage): void {
    let { transcript } = state;
    const said = content.inputTranscription?.text;
    const answered = content.outputTranscription?.text;
    if (said) transcript = withWords(transcript, 'user', said);
    if (answered) transcript = withWords(transcript, 'model', answered);
    if (said || answered || content.modelTurn) reacted();
    for (const part of content.modelTurn?.parts ?? []) {
      if (part.inlineData?.mimeType?.startsWith('audio/')) audio?.play(decodeBase64(part.inlineData.data));
    }
    if (content.interrupted) audio?.flush();
    if (content.generationComplete || content.turnComplete || content.interrupted) {
      transcript = withoutOpenLines(transcript, 'model', content.interrupted);
      turnIsOpen = false;
    }
    if (content.interactionStatus) turnIsOpen = content.interactionStatus === 'IN_PROGRESS';
    if (transcript !== state.transcript) set({ transcript });
  }

  function fail(error: Error): void {
    finish({ how: 'failed', error });
  }

  /** Ends the session, and gives back what it holds. */
  function finish(end: LiveEnd): void {
    run++;
    leave('ended', end);
    starting = undefined;
    unanswered = [];
    microphone.clear();
    ending = Promise.all([attempt?.close(), audio?.stop().catch(ignore), forget()]).then(() => {
      ending = undefined;
    });
    set({ speaking: false });
  }

  const session: LiveSession = {
    start() {
      if (starting) return starting;
      const mine = ++run;
      failures = silences = 0;
      state = { ...AT_REST, muted: state.muted };
      set({ status: 'connecting' });
      starting = (async () => {
        if (ending) await ending;
        if (mine !== run) return;
        try {
          // Before the token: a permission dialog can stay open for longer than a token waits.
          await audio?.start({
            onMicrophone(pcm) {
              if (mine === run) microphone.hear(pcm);
            },
            onPlaying(speaking) {
              if (mine !== run) return;
              set({ speaking });
              changeIfDue();
            },
          });
        } catch (error) {
          if (mine === run) fail(toError(error));
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
      if (!starting) return false;
      const message = { realtimeInput: { text } };
      send(message);
      unanswered.push(message);
      expectAnswer();
      turnIsOpen = true;
      const lines = withWords(withoutOpenLines(state.transcript, 'user'), 'user', text);
      set({ transcript: withoutOpenLines(lines, 'user') });
      return true;
    },
    sendImage(image, mimeType = 'image/jpeg') {
      if (!starting) return false;
      const data = typeof image === 'string' ? image : encodeBase64(image);
      const message = { realtimeInput: { video: { data, mimeType } } };
      if (!send(message)) unanswered.push(message);
      return true;
    },
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };

  return session;
}
