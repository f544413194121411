// What runs in Hermes: the built package, without a platform around it. Prints one line for each check.
import {
  connectLive,
  createLiveSession,
  createLiveTokens,
  explainClose,
  isLiveTokenError,
} from '../../dist/esm/index.js';
import type { LiveSocket } from '../../src/index.js';
import { atob, btoa } from './base64.js';

Object.assign(globalThis, { atob, btoa });

declare const print: (line: string) => void;

const ANSWER = {
  token: 'auth_tokens/1',
  websocketUrl: 'wss://gemini.test/?access_token=auth_tokens/1',
  setup: { model: 'models/m' },
  issuedAt: '2026-11-27T10:00:00Z',
  newSessionExpireTime: '2026-11-27T10:01:00Z',
  expireTime: '2026-11-27T10:15:00Z',
};
const clock = { now: () => Date.now(), after: () => () => {} };

/** A socket as React Native's: JSON arrives as an ArrayBuffer. */
class Socket implements LiveSocket {
  binaryType = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  sent: string[] = [];
  send(data: string): void {
    this.sent.push(data);
  }
  close(): void {
    this.onclose?.({ code: 1000, reason: null } as never);
  }
  say(message: object): void {
    const text = unescape(encodeURIComponent(JSON.stringify(message)));
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    this.onmessage?.({ data: bytes.buffer } as never);
  }
  open(): void {
    this.onopen?.({} as never);
    this.say({ setupComplete: {} });
  }
}

async function tokens(): Promise<string> {
  const refuse = async () => {
    throw Object.assign(new Error('No.'), { code: 'functions/permission-denied', details: { reason: 'USER_BLOCKED' } });
  };
  const error = await createLiveTokens(refuse, { clock })
    .take()
    .catch((thrown: unknown) => thrown);
  const { token } = await createLiveTokens(async () => ({ data: ANSWER }), { clock }).take();
  return `${token} ${isLiveTokenError(error) && error.next}`;
}

async function connection(): Promise<string> {
  const socket = new Socket();
  let heard = '';
  const onMessage = ({ text }: { text?: string }) => {
    heard = String(text);
  };
  const opened = connectLive(ANSWER, { onMessage }, { createSocket: () => socket, clock });
  socket.open();
  await opened;
  socket.say({ text: 'Grüße, 世界 🌍' });
  return `${socket.sent[0]} ${heard}`;
}

async function session(): Promise<string> {
  const socket = new Socket();
  const played: number[] = [];
  let hear: (pcm: Uint8Array) => void = () => {};
  const audio = {
    start: async (events: { onMicrophone(pcm: Uint8Array): void }) => {
      hear = events.onMicrophone;
    },
    play: (pcm: Uint8Array) => {
      for (let at = 0; at < pcm.length; at++) played.push(Number(pcm[at]));
    },
    flush: () => {},
    stop: async () => {},
  };
  const source = createLiveTokens(async () => ({ data: ANSWER }), { clock });
  const live = createLiveSession({ tokens: source, audio, clock, createSocket: () => socket });
  const started = live.start();
  for (let turn = 0; turn < 50 && !socket.onopen; turn++) await Promise.resolve();
  socket.open();
  await started;
  hear(new Uint8Array([1, 2, 3, 4]));
  const inlineData = { mimeType: 'audio/pcm;rate=24000', data: 'AQIDBA==' };
  socket.say({ serverContent: { modelTurn: { parts: [{ inlineData }] }, outputTranscription: { text: 'Hi' } } });
  const { status, transcript } = live.getState();
  await live.stop();
  return `${status} ${transcript[0]?.text} ${played.join()} ${socket.sent[1]} ${live.getState().status}`;
}

async function run(): Promise<void> {
  print(`tokens: ${await tokens()}`);
  print(`connection: ${await connection()}`);
  print(`session: ${await session()}`);
  print(`close: ${explainClose(1011, 'Token has been used too many times', false).kind}`);
}

run().catch((error) => print(`failed: ${error}`));
