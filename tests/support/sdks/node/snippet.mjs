// Runs the function `openLiveSession` of a source text. Tells the first message that it hears and the id of its session,
// or what it throws.
import { WebSocket } from 'ws';
import { run } from './run.mjs';

globalThis.WebSocket ??= WebSocket; // React Native and Node 22 have one of their own

await run(async ({ source, mintUrl, idToken }) => {
  const { openLiveSession } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const messages = [];
  let opened;
  try {
    await new Promise((resolve, reject) => {
      const hear = (message) => { messages.push(message); resolve(); };
      opened = openLiveSession(mintUrl, idToken, hear, ({ code, reason }) => reject(new Error(`${code} ${reason}`)));
      opened.catch(reject);
    });
  } catch (error) {
    return { thrown: { message: error.message, ...error } };
  }
  const { socket, live } = await opened;
  return { messages, session: live.session.id, isOpen: socket.readyState === WebSocket.OPEN };
});
