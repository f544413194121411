// A Live session over a bare WebSocket, as a React Native app opens it. `ws` takes React Native's three arguments,
// which the WebSocket of browsers and of Node does not: there is no way to send headers with those.
import { WebSocket } from 'ws';
import { run } from './run.mjs';

await run(({ url, headers, setup, questions, stay }) => new Promise((resolve) => {
  const socket = new WebSocket(url, [], { headers });
  socket.binaryType = 'arraybuffer';
  const messages = [];
  const waiting = [...questions];

  function goOn() {
    if (waiting.length > 0) {
      const turn = { role: 'user', parts: [{ text: waiting.shift() }] };
      socket.send(JSON.stringify({ clientContent: { turns: [turn], turnComplete: true } }));
    } else if (!stay) {
      socket.close(1000);
    }
  }

  socket.onopen = () => socket.send(JSON.stringify({ setup }));
  socket.onmessage = ({ data }) => {
    // Gemini sends its JSON in binary frames.
    const message = JSON.parse(typeof data === 'string' ? data : new TextDecoder().decode(data));
    messages.push(message);
    if (message.setupComplete || message.serverContent?.turnComplete) goOn();
  };
  socket.onerror = () => {}; // onclose follows
  socket.onclose = ({ code, reason }) => resolve({ messages, closed: { code, reason } });
}));
