import { type Clock, ignore, systemClock } from './clock.js';
import { explainClose, type LiveClose } from './explain-close.js';
import type { LiveToken } from './live-token.js';
import { decodeUtf8 } from './utf8.js';

/** A message of Gemini. Fields: https://ai.google.dev/api/live#messages */
// biome-ignore lint/suspicious/noExplicitAny: the Live API adds fields, which apps read.
export type LiveMessage = Record<string, any>;

export interface LiveHandlers {
  /** Each message after `setupComplete`, in the order in which they were sent. */
  onMessage?(message: LiveMessage): void;
  /** Once, when Gemini or the network ends the connection. Not after `close()`. */
  onClose?(close: LiveClose): void;
}

export interface ConnectOptions {
  /** How long the socket and `setupComplete` may take together. 15000 by default. */
  timeoutMilliseconds?: number;
  /** Instead of the platform's WebSocket. */
  createSocket?: ((url: string) => LiveSocket) | undefined;
  clock?: Clock;
}

/** What is used of a WebSocket. */
export interface LiveSocket {
  binaryType: string;
  readonly bufferedAmount?: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** An open connection to Gemini. */
export interface LiveConnection {
  /** Sends a message, such as `{ realtimeInput: { text: 'Hello' } }`. */
  send(message: object): void;
  /** Closes the connection. Resolves when it is closed, or after a second without an answer. */
  close(): Promise<void>;
  /** Bytes that are not sent yet, where the platform knows. They grow when the network is gone. */
  readonly bufferedBytes: number;
}

/** The connection could not be opened, and why. */
export class LiveConnectError extends Error {
  override readonly name = 'LiveConnectError';

  constructor(readonly close: LiveClose) {
    super(`${close.message} (${close.code}${close.reason && ` ${close.reason}`})`);
  }
}

/** The code of this package's own close. */
export const NO_ANSWER = 4000;
const TIMEOUT = 15_000;
const LONGEST_CLOSE = 1000;

declare const WebSocket: new (url: string) => LiveSocket;
declare const FileReader: new () => {
  result: unknown;
  onload: unknown;
  onerror: unknown;
  readAsArrayBuffer(blob: unknown): void;
};

/**
 * Opens a connection with a token and waits for `setupComplete`. Always settles.
 *
 * Throws `LiveConnectError`.
 */
export function connectLive(
  token: Pick<LiveToken, 'websocketUrl' | 'setup'>,
  handlers: LiveHandlers = {},
  options: ConnectOptions = {},
): Promise<LiveConnection> {
  return openConnection(token, handlers, options).opened;
}

/**
 * As `connectLive`, with a way to give up before it is open. `onOpen` is called at once: messages and the close can come in
 * the same turn of the event loop as `setupComplete`, before anybody who waits for `opened` knows of it.
 */
export function openConnection(
  token: Pick<LiveToken, 'websocketUrl' | 'setup'>,
  handlers: LiveHandlers & { onOpen?(connection: LiveConnection): void },
  { timeoutMilliseconds = TIMEOUT, createSocket = (url) => new WebSocket(url), clock = systemClock }: ConnectOptions,
): { opened: Promise<LiveConnection>; close(): Promise<void> } {
  let socket: LiveSocket | undefined;
  // Whether `setupComplete` has come; undefined when it is over.
  let isOpen: boolean | undefined = false;
  let onClosed = ignore;
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  let settle: [(connection: LiveConnection) => void, (error: LiveConnectError) => void];
  const opened = new Promise<LiveConnection>((...both) => {
    settle = both;
  });
  // Frames are handled one after the other: at once unless one of them is still being read.
  let reading = 0;
  let last = Promise.resolve();

  function inOrder<T>(data: T | LiveBlob, handle: (data: unknown) => void): void {
    const isBlob = (data as LiveBlob).size !== undefined; // only Blobs have it
    if (!reading && !isBlob) {
      handle(data);
      return;
    }
    reading++;
    const value = isBlob ? readBlob(data as LiveBlob) : data;
    last = last
      .then(() => value)
      .then(handle)
      .catch((error) => {
        clock.after(0, () => {
          throw error; // to where the platform reports what event handlers throw
        });
      })
      .then(() => {
        reading--;
      });
  }

  function ended(code: number, reason?: string | null): void {
    const wasOpen = isOpen;
    isOpen = undefined;
    cancelTimeout();
    const close = explainClose(code, reason, !!wasOpen);
    if (wasOpen) handlers.onClose?.(close);
    else settle[1](new LiveConnectError(close));
  }

  function close(code = 1000): Promise<void> {
    isOpen = undefined;
    try {
      socket?.close(code);
    } catch {
      onClosed(); // some platforms throw while the socket is connecting
    }
    clock.after(socket ? LONGEST_CLOSE : 0, onClosed);
    return closed;
  }

  const connection: LiveConnection = {
    send(message) {
      if (isOpen !== undefined) socket?.send(JSON.stringify(message));
    },
    close: () => close(),
    get bufferedBytes() {
      return socket?.bufferedAmount ?? 0;
    },
  };

  function received(data: unknown): void {
    if (isOpen === undefined) return;
    let message: LiveMessage;
    try {
      message = JSON.parse(typeof data === 'string' ? data : decodeUtf8(new Uint8Array(data as ArrayBuffer)));
    } catch {
      return; // no message of Gemini: nothing in it can be acted on
    }
    if (isOpen) handlers.onMessage?.(message);
    else if (message.setupComplete) {
      isOpen = true;
      cancelTimeout();
      handlers.onOpen?.(connection);
      settle[0](connection);
    }
  }

  const cancelTimeout = clock.after(timeoutMilliseconds, () => {
    ended(NO_ANSWER);
    close(NO_ANSWER);
  });
  try {
    socket = createSocket(token.websocketUrl);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => connection.send({ setup: token.setup });
    socket.onmessage = ({ data }: { data: unknown }) => inOrder(data, received);
    socket.onerror = ignore; // a close event follows
    socket.onclose = ({ code = 1006, reason }: { code?: number; reason?: string | null }) =>
      inOrder(0, () => {
        onClosed();
        ended(code, reason);
      });
  } catch {
    ended(1006, 'no WebSocket');
  }
  return { opened, close: connection.close };
}

/** React Native's Blob has no `arrayBuffer()`. */
interface LiveBlob {
  size?: number;
  arrayBuffer?(): Promise<unknown>;
}

function readBlob(blob: LiveBlob): Promise<unknown> {
  if (blob.arrayBuffer) return blob.arrayBuffer();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsArrayBuffer(blob);
  });
}
