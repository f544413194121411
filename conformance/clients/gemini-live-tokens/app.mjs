// The client of this project: client/README.md. Its tokens come from a backend, which is the function `mint` here: it mints
// one token for each connection, locked to the configuration and to the handle, as functions/ does. If there is no API key
// but a token, the backend has no other.
import { apiVersion, instruction, key, listen, load, model, tell, url, weather } from '../voice-app.mjs';

const { createLiveSession, createLiveTokens } = await load('gemini-live-tokens');
const { default: WebSocket } = await load('ws');
const rpc = `google.ai.generativelanguage.${apiVersion}.GenerativeService.BidiGenerateContentConstrained`;
const declaration = { name: 'get_weather', parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } } } };

async function mintAtGemini(bidiGenerateContentSetup) {
  const response = await fetch(`${url}/${apiVersion}/auth_tokens`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ uses: 1, bidiGenerateContentSetup }),
  });
  return (await response.json()).name;
}

async function mint({ resumptionHandle } = {}) {
  const setup = {
    model: `models/${model}`,
    generationConfig: { responseModalities: ['AUDIO'] },
    systemInstruction: { parts: [{ text: instruction }] },
    tools: [{ functionDeclarations: [declaration] }],
    inputAudioTranscription: {},
    outputAudioTranscription: {},
    sessionResumption: { handle: resumptionHandle },
  };
  const token = key.startsWith('auth_tokens/') ? key : await mintAtGemini(setup);
  const [issuedAt, newSessionExpireTime, expireTime] = [0, 60, 1800].map((seconds) =>
    new Date(Date.now() + seconds * 1000).toISOString(),
  );
  const websocketUrl = `${url.replace('http', 'ws')}/ws/${rpc}?access_token=${token}`;
  return { data: { token, websocketUrl, setup, apiVersion, model, issuedAt, newSessionExpireTime, expireTime } };
}

let hear = () => {};
const session = createLiveSession({
  tokens: createLiveTokens(mint),
  audio: {
    start: async ({ onMicrophone }) => {
      hear = onMicrophone;
    },
    play: () => {},
    flush: () => tell('interrupted'),
    stop: async () => {},
  },
  tools: {
    get_weather: (args, { name }) => {
      tell('tool', { name });
      return weather(args);
    },
  },
  createSocket: (where) => new WebSocket(where),
  onMessage: ({ serverContent }) => {
    if (serverContent?.outputTranscription?.text) tell('said', { text: serverContent.outputTranscription.text });
  },
});

// What a user interface shows.
let shown = session.getState();
session.subscribe(() => {
  const state = session.getState();
  const { connections, conversation, end, lastClose } = state;
  if (connections > shown.connections) tell('open', { resumed: connections > 1 && conversation === shown.conversation });
  if (conversation > shown.conversation) tell('told', { text: 'The conversation starts anew.' });
  if (lastClose !== shown.lastClose && lastClose?.kind === 'no-answer') tell('told', { text: lastClose.message });
  if (end && !shown.end) {
    tell('told', { text: `${end.how}: ${end.error?.message ?? ''}` });
    tell('over');
  }
  shown = state;
});

// A muted microphone goes on to run: the client is what sends quiet in its place.
listen((chunk) => {
  if (chunk !== null) return hear(Buffer.from(chunk, 'base64'));
  session.mute(true);
  setInterval(() => hear(new Uint8Array(1280)), 40);
});
await session.start();
