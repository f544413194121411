// One tap on the button of an app, in a process of its own: prints when the session was set up and when it sounded.
//
// The argument is JSON: flow ("this" or "google"), functionUrl, geminiUrl, idToken, aheadMilliseconds (null: no
// prefetch), client, sdks (folders of this repository's package for apps and of Google's SDK).

import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const asked = JSON.parse(process.argv[2]);
const { WebSocket } = createRequire(`${asked.sdks}/package.json`)('ws');
const MODEL = 'gemini-3.8-live';

/** What happens, as milliseconds since the tap. */
const times = {};

function heard(message, since) {
  const parts = message.serverContent?.modelTurn?.parts ?? [];
  if (!parts.some((part) => part.inlineData)) return false;
  times.sound = performance.now() - since;
  return true;
}

/** This function, with the package for apps. */
async function withThisFunction() {
  const { connectLive, createLiveTokens } = await import(`${asked.client}/dist/esm/index.js`);
  const tokens = createLiveTokens({ url: asked.functionUrl, getIdToken: async () => asked.idToken });
  if (asked.aheadMilliseconds !== null) {
    tokens.prefetch();
    await sleep(asked.aheadMilliseconds);
  }
  const since = performance.now();
  const token = await tokens.take();
  await new Promise((done, failed) => {
    const connecting = connectLive(
      token,
      { onMessage: (message) => heard(message, since) && done(), onClose: failed },
      { createSocket: (url) => new WebSocket(url.replace(/^wss:\/\/[^/]+/, asked.geminiUrl.replace('http', 'ws'))) },
    );
    connecting.then((live) => {
      times.setup = performance.now() - since;
      live.send({ realtimeInput: { text: 'Hello' } });
    }, failed);
  });
}

/** A backend that answers with a token, and Google's SDK. https://ai.google.dev/gemini-api/docs/ephemeral-tokens */
async function withGooglesSdk() {
  const { GoogleGenAI } = createRequire(`${asked.sdks}/package.json`)('@google/genai');
  const since = performance.now();
  const answer = await fetch(asked.functionUrl, {
    method: 'POST',
    headers: { Authorization: `Bearer ${asked.idToken}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  const { token } = await answer.json();
  const ai = new GoogleGenAI({ apiKey: token, httpOptions: { apiVersion: 'v1alpha', baseUrl: asked.geminiUrl } });
  await new Promise((done, failed) => {
    let session;
    const onmessage = async (message) => {
      if (message.setupComplete) {
        times.setup = performance.now() - since;
        (await session).sendRealtimeInput({ text: 'Hello' });
      } else if (heard(message, since)) done();
    };
    session = ai.live.connect({
      model: MODEL,
      config: { responseModalities: ['AUDIO'] },
      callbacks: { onmessage, onerror: failed, onclose: failed },
    });
    session.catch(failed);
  });
}

await (asked.flow === 'this' ? withThisFunction() : withGooglesSdk());
console.log(JSON.stringify(times));
process.exit(0);
