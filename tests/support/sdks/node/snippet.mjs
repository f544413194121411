// Runs the function `openLiveSession` of a source text, and tells the first message that it hears, or what it throws.
import { WebSocket } from 'ws';
import { run } from './run.mjs';

globalThis.WebSocket ??= WebSocket; // React Native and Node 22 have one of their own

await run(async ({ source, mintUrl, idToken }) => {
  const { openLiveSession } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const messages = [];
  try {
    await new Promise((resolve, reject) => {
      const hear = (message) => { messages.push(message); resolve(); };
      openLiveSession(mintUrl, idToken, hear, ({ code, reason }) => reject(new Error(`${code} ${reason}`))).catch(reject);
    });
  } catch (error) {
    return { thrown: { message: error.message, ...error } };
  }
  return { messages };
});
