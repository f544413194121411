// One tap on the button of an app, in Node or in a page: when the session was set up, and when it sounded.

const MODEL = 'gemini-3.8-live';

/**
 * Returns { setup, sound }, in milliseconds from the tap.
 *
 * asked: flow ("this" or "google"), functionUrl, geminiUrl, idToken, aheadMilliseconds (null: no prefetch).
 * packages: client (this repository's package for apps), genai (Google's SDK), WebSocket.
 */
export function tap(asked, packages) {
  return asked.flow === 'this' ? withThisFunction(asked, packages) : withGooglesSdk(asked, packages);
}

const sounds = (message) => (message.serverContent?.modelTurn?.parts ?? []).some((part) => part.inlineData);

/** This function, with the package for apps. */
async function withThisFunction(asked, { client, WebSocket }) {
  const tokens = client.createLiveTokens({ url: asked.functionUrl, getIdToken: async () => asked.idToken });
  if (asked.aheadMilliseconds !== null) {
    tokens.prefetch();
    await new Promise((done) => setTimeout(done, asked.aheadMilliseconds));
  }
  const since = performance.now();
  const token = await tokens.take();
  return new Promise((done, failed) => {
    let setup;
    const onMessage = (message) => sounds(message) && done({ setup, sound: performance.now() - since });
    const createSocket = (url) => new WebSocket(url.replace(/^wss:\/\/[^/]+/, asked.geminiUrl.replace('http', 'ws')));
    client.connectLive(token, { onMessage, onClose: failed }, { createSocket }).then((live) => {
      setup = performance.now() - since;
      live.send({ realtimeInput: { text: 'Hello' } });
    }, failed);
  });
}

/** A backend that answers with a token, and Google's SDK. https://ai.google.dev/gemini-api/docs/ephemeral-tokens */
async function withGooglesSdk(asked, { genai }) {
  const since = performance.now();
  const answer = await fetch(asked.functionUrl, {
    method: 'POST',
    headers: { Authorization: `Bearer ${asked.idToken}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  const { token } = await answer.json();
  const httpOptions = { apiVersion: 'v1alpha', baseUrl: asked.geminiUrl };
  const ai = new genai.GoogleGenAI({ apiKey: token, httpOptions });
  return new Promise((done, failed) => {
    let setup;
    const onmessage = async (message) => {
      if (message.setupComplete) {
        setup = performance.now() - since;
        (await session).sendRealtimeInput({ text: 'Hello' });
      } else if (sounds(message)) done({ setup, sound: performance.now() - since });
    };
    const session = ai.live.connect({
      model: MODEL,
      config: { responseModalities: ['AUDIO'] },
      callbacks: { onmessage, onerror: failed, onclose: failed },
    });
    session.catch(failed);
  });
}
