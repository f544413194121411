// @ai-sdk/google: https://ai-sdk.dev/docs/ai-sdk-core/realtime#server-owned-connections and
// https://ai-sdk.dev/providers/ai-sdk-providers/google#realtime-models.
// The client makes the address, the messages and the events; the documentation leaves the socket and the policy of
// reconnecting to the application. So this app does what Google's says, https://ai.google.dev/gemini-api/docs/live-session:
// keep the newest handle, and connect again with it after goAway or when the connection ends. Neither names a time limit, so
// there are none here. A connection on which the model never spoke is not tried again.
import { apiVersion, instruction, key, listen, load, mints, model, tell, url, weather, words } from '../voice-app.mjs';

const { createGoogleGenerativeAI } = await load('@ai-sdk/google');
const { default: WebSocket } = await load('ws');
const google = createGoogleGenerativeAI({ apiKey: key, baseURL: `${url}/${apiVersion}` });
const live = google.experimental_realtime(model);
const rpc = 'google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained';
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
let socket = null;
let handle;

const config = () => ({
  instructions: instruction,
  outputModalities: ['audio'],
  inputAudioTranscription: {},
  outputAudioTranscription: {},
  tools: [{ type: 'function', name: 'get_weather', parameters }],
  providerOptions: { sessionResumption: { handle } },
});

// A token goes with the address that minting it gives; one of a backend is taken to the same address.
async function address() {
  if (mints) return live.getWebSocketConfig(await google.experimental_realtime.getToken({ model, sessionConfig: config() }));
  if (key.startsWith('auth_tokens/')) {
    return live.getWebSocketConfig({ token: key, url: `${url.replace('http', 'ws')}/ws/${rpc}` });
  }
  return live.getServerWebSocketConfig();
}

async function connect() {
  const resumed = Boolean(handle);
  const { url: where, protocols, headers } = await address();
  const mine = new WebSocket(where, protocols, { headers });
  const parse = live.createServerEventParser();
  const send = async (event) => {
    const message = JSON.stringify(await live.serializeClientEvent(event));
    if (mine.readyState === WebSocket.OPEN) mine.send(message);
  };
  let [left, leaving, spoke, speaking] = [false, false, false, false];
  const cancelled = new Set();

  function goOn(why) {
    if (left) return;
    left = true;
    if (socket?.mine === mine) socket = null;
    if (why) tell('told', { text: why });
    if (why && (!handle || !spoke)) return tell('over');
    start();
  }

  async function answer({ callId, name, arguments: args }) {
    tell('tool', { name });
    const output = JSON.stringify(await weather(JSON.parse(args)));
    if (cancelled.has(callId) || left) return;
    await send({ type: 'conversation-item-create', item: { type: 'function-call-output', callId, name, output } });
  }

  const custom = {
    sessionResumptionUpdate: ({ newHandle, resumable }) => {
      if (resumable) handle = newHandle ?? handle;
    },
    goAway: () => {
      leaving = Boolean(handle);
    },
    toolCallCancellation: ({ ids = [] }) => {
      for (const id of ids) {
        cancelled.add(id);
        tell('cancelled', { id });
      }
    },
  };
  const on = {
    'session-created': () => {
      socket = { mine, send };
      tell('open', { resumed });
    },
    'audio-transcript-delta': ({ delta }) => tell('said', { text: delta }),
    'audio-delta': () => {
      spoke = speaking = true;
    },
    'speech-started': () => tell('interrupted'),
    'function-call-arguments-done': answer,
    'response-done': () => {
      speaking = false;
    },
    custom: ({ rawType, raw }) => custom[rawType]?.(raw[rawType]),
  };

  mine.on('open', () => send({ type: 'session-update', config: config() }));
  mine.on('message', (data) => {
    for (const event of [parse(JSON.parse(data))].flat()) on[event.type]?.(event);
    if (leaving && !speaking && !left) {
      goOn();
      mine.close();
    }
  });
  mine.on('error', (error) => tell('told', { text: words(error) }));
  mine.on('close', (code, reason) => goOn(`close: ${code} ${reason}`));
}

function start() {
  connect().catch((error) => {
    tell('told', { text: words(error) });
    tell('over');
  });
}

listen((audio) => socket?.send(audio === null ? { type: 'input-audio-commit' } : { type: 'input-audio-append', audio }));
start();
