// A Live session with Google's own SDK. It answers every call of a tool with `toolResult`.
import { GoogleGenAI } from '@google/genai';
import { run } from './run.mjs';

await run(({ token, apiVersion, baseUrl, model, config, turns, toolResult }) => new Promise((resolve, reject) => {
  const ai = new GoogleGenAI({ apiKey: token, httpOptions: { apiVersion, baseUrl } });
  const messages = [];
  const waiting = [...turns];
  let session = null;

  function goOn() {
    const turn = waiting.shift();
    if (turn === undefined) return session.close();
    if (turn.text !== undefined) {
      return session.sendClientContent({ turns: [{ role: 'user', parts: [{ text: turn.text }] }], turnComplete: true });
    }
    // gemini-3.8-live ignores audioStreamEnd: the quiet at the end of the audio ends the turn.
    return session.sendRealtimeInput({ audio: { data: turn.audio, mimeType: 'audio/pcm;rate=16000' } });
  }

  const callbacks = {
    onmessage(message) {
      messages.push(message);
      for (const { id, name } of message.toolCall?.functionCalls ?? []) {
        session.sendToolResponse({ functionResponses: [{ id, name, response: toolResult }] });
      }
      if (message.serverContent?.turnComplete) goOn();
    },
    // The promise of connect() of 2.32.0 does not settle when the server closes first: this is all one learns then.
    onclose({ code, reason }) {
      resolve({ connected: session !== null, messages, closed: { code, reason } });
    },
  };
  ai.live.connect({ model, config, callbacks }).then((connected) => {
    session = connected;
    goOn();
  }, reject);
}));
