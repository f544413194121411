// @vitest-environment happy-dom
import { act, createElement, type ReactNode, StrictMode, useEffect } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveTokens, type LiveSessionOptions } from '../src/index.js';
import { type LiveSessionHook, useLiveSession } from '../src/react.js';
import { answer } from './answers.js';
import { FakeAudio, FakeGemini } from './fake-gemini.js';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let root: Root;
let mints: number;
let gemini: FakeGemini;
let audio: FakeAudio;
let live: LiveSessionHook;
let options: LiveSessionOptions;

beforeEach(() => {
  mints = 0;
  gemini = new FakeGemini();
  audio = new FakeAudio();
  const tokens = createLiveTokens(async () => ({ data: answer(++mints) }));
  options = { tokens, audio, createSocket: gemini.createSocket };
  root = createRoot(document.createElement('div'));
});

afterEach(() => act(() => root.unmount()));

function Talk(more: Partial<LiveSessionOptions> & { startAtMount?: boolean }): ReactNode {
  const { startAtMount = false, ...others } = more;
  live = useLiveSession({ ...options, ...others });
  const { start } = live;
  useEffect(() => {
    if (startAtMount) void start();
  }, [start, startAtMount]);
  return live.status;
}

const render = (node: ReactNode) => act(() => root.render(node));

/** Lets timers and promises run. */
const settle = () => act(() => new Promise<void>((resolve) => setTimeout(resolve, 10)));

async function open(): Promise<void> {
  await settle();
  await act(async () => gemini.last.open());
  await settle();
}

test('a component is rendered again when the state changes', async () => {
  await render(createElement(Talk));
  expect(live.status).toBe('idle');

  await act(async () => void live.start());
  expect(live.status).toBe('connecting');
  await open();
  await act(async () => void live.sendText('Hello'));

  expect(live).toMatchObject({ status: 'live', transcript: [{ who: 'user', text: 'Hello' }] });
});

test('the functions stay the same, so that effects do not run again', async () => {
  await render(createElement(Talk));
  const { start, stop, mute, sendText, sendImage } = live;
  await act(async () => void start());

  expect(live).toMatchObject({ start, stop, mute, sendText, sendImage });
});

test('unmounting stops the session', async () => {
  await render(createElement(Talk));
  await act(async () => void live.start());
  await open();

  await render(null);
  await settle();

  expect({ open: gemini.last.isOpen, stops: audio.stops }).toEqual({ open: false, stops: 1 });
});

test('StrictMode, which mounts twice, takes one token', async () => {
  await render(createElement(StrictMode, null, createElement(Talk, { startAtMount: true })));
  await open();

  expect({ mints, status: live.status, sockets: gemini.sockets.length }).toEqual({
    mints: 1,
    status: 'live',
    sockets: 1,
  });
});

test('a tool is the one of the latest render', async () => {
  const responses = () => gemini.last.sent.flatMap((message) => message.toolResponse ?? []);
  await render(createElement(Talk, { tools: { count: () => 1 } }));
  await act(async () => void live.start());
  await open();
  await render(createElement(Talk, { tools: { count: () => 2 } }));
  await act(async () => gemini.last.say({ toolCall: { functionCalls: [{ id: 'c', name: 'count' }] } }));
  await settle();

  expect(responses()).toEqual([{ functionResponses: [{ id: 'c', name: 'count', response: { result: 2 } }] }]);
});

test('messages go to the handler of the latest render', async () => {
  const seen: string[] = [];
  await render(createElement(Talk, { onMessage: () => void seen.push('first') }));
  await act(async () => void live.start());
  await open();
  await render(createElement(Talk, { onMessage: () => void seen.push('second') }));
  await act(async () => gemini.last.say({ serverContent: {} }));

  expect(seen).toEqual(['second']);
});

test('a server renders it idle', () => {
  expect(renderToString(createElement(Talk))).toBe('idle');
});
