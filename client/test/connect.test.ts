import { afterEach, describe, expect, test } from 'vitest';
import { type WebSocket as ServerSocket, WebSocket as WsSocket } from 'ws';
import { openConnection } from '../src/connect.js';
import { connectLive, type LiveClose, LiveConnectError, type LiveMessage, type LiveSocket } from '../src/index.js';
import closes from '../tables/closes.json' with { type: 'json' };
import { LiveServer } from './live-server.js';
import { settle, VirtualClock } from './virtual-clock.js';

const SETUP = { model: 'models/m' };
const createSocket = (url: string) => new WsSocket(url) as unknown as LiveSocket;
let server: LiveServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serving(
  serve: (socket: ServerSocket, first: unknown) => void,
): Promise<{ websocketUrl: string; setup: object }> {
  server = await LiveServer.start(serve);
  return { websocketUrl: server.url, setup: SETUP };
}

const json = (message: object) => JSON.stringify(message);
const binary = (message: object) => Buffer.from(json(message));

describe('a connection', () => {
  test('is open when setupComplete has come for the setup of the token', async () => {
    let first: unknown;
    const token = await serving((socket, message) => {
      first = message;
      socket.send(binary({ setupComplete: {} }));
    });

    const live = await connectLive(token, {}, { createSocket });
    await live.close();

    expect(first).toEqual({ setup: SETUP });
  });

  test('passes messages on in their order, from binary and text frames', async () => {
    const token = await serving((socket) => {
      socket.send(binary({ setupComplete: {} }));
      for (let number = 0; number < 20; number++) socket.send(number % 2 ? json({ number }) : binary({ number }));
    });
    const numbers = await new Promise<number[]>((resolve) => {
      const seen: number[] = [];
      void connectLive(
        token,
        { onMessage: ({ number }) => void (seen.push(number) === 20 && resolve(seen)) },
        { createSocket },
      );
    });

    expect(numbers).toEqual([...Array(20).keys()]);
  });

  test('sends what the app says, and nothing after it was closed', async () => {
    const heard: unknown[] = [];
    const token = await serving((socket) => {
      socket.on('message', (data) => heard.push(JSON.parse(String(data))));
      socket.send(json({ setupComplete: {} }));
    });
    const live = await connectLive(token, {}, { createSocket });

    live.send({ realtimeInput: { text: 'Hello' } });
    await live.close();
    live.send({ realtimeInput: { text: 'too late' } });

    expect(heard).toEqual([{ realtimeInput: { text: 'Hello' } }]);
    expect(server?.sockets).toBe(0);
  });

  test('tells of its end once, and not of one that the app wanted', async () => {
    const told: LiveClose[] = [];
    const token = await serving((socket) => {
      socket.send(json({ setupComplete: {} }));
      socket.on('message', () => socket.close(1011, 'auth token has expired'));
    });
    const handlers = { onClose: (close: LiveClose) => void told.push(close) };
    const wanted = await connectLive(token, handlers, { createSocket });
    await wanted.close();
    const other = await connectLive(token, handlers, { createSocket });
    other.send({});
    await expect.poll(() => told).toHaveLength(1);

    expect(told[0]).toMatchObject({ code: 1011, kind: 'token-expired', next: 'new-token' });
  });
});

describe('a connection that does not open', () => {
  test('for every row of the close table, the error explains the close', async () => {
    for (const row of closes as { kind: string; codes?: number[]; texts?: string[]; when?: string }[]) {
      const code = row.codes?.[0] ?? 1011;
      if (row.when === 'open' || code === 1005 || code === 1006 || code === 4000) continue; // not from a server
      const token = await serving((socket) => socket.close(code, row.texts?.[0]));

      const error = await connectLive(token, {}, { createSocket }).catch((thrown: LiveConnectError) => thrown);

      expect(error).toBeInstanceOf(LiveConnectError);
      expect((error as LiveConnectError).close).toMatchObject({ kind: row.kind, code });
      await server?.stop();
    }
  });

  test('a server that is not there is unreachable', async () => {
    const token = await serving(() => {});
    await server?.stop();

    await expect(connectLive(token, {}, { createSocket })).rejects.toMatchObject({
      name: 'LiveConnectError',
      close: { code: 1006, kind: 'unreachable', next: 'resume' },
    });
  });

  test('a server that vanishes in the handshake is unreachable', async () => {
    const token = await serving((socket) => socket.terminate());

    await expect(connectLive(token, {}, { createSocket })).rejects.toMatchObject({ close: { kind: 'unreachable' } });
  });

  test('a platform without WebSocket, or that refuses the URL, is unreachable', async () => {
    const refuse = () => {
      throw new Error('wss://…?access_token=auth_tokens/1 is refused');
    };
    const error = await connectLive({ websocketUrl: 'ws://x', setup: {} }, {}, { createSocket: refuse }).catch(String);

    expect(error).toContain('LiveConnectError');
    expect(error).not.toContain('auth_tokens');
  });

  test('one that is given up before it is open is an error, and its socket is closed', async () => {
    let setups = 0;
    const token = await serving(() => setups++);
    const attempt = openConnection(token, {}, { createSocket });
    await expect.poll(() => setups).toBe(1);

    await Promise.all([attempt.close(), expect(attempt.opened).rejects.toMatchObject({ name: 'LiveConnectError' })]);

    await expect.poll(() => server?.sockets).toBe(0);
  });

  test('a setup that is never answered ends after fifteen seconds, and closes the socket', async () => {
    const clock = new VirtualClock();
    let setups = 0;
    const token = await serving(() => setups++);
    const opened = connectLive(token, {}, { createSocket, clock }).catch((error: LiveConnectError) => error);
    await expect.poll(() => setups).toBe(1);

    await clock.advance(15_000);

    expect(await opened).toMatchObject({ close: { kind: 'no-answer', next: 'resume' } });
    await expect.poll(() => server?.sockets).toBe(0);
  });
});

describe('a socket that gives Blobs', () => {
  class BlobSocket implements LiveSocket {
    binaryType = 'blob';
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onerror: (() => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    send(): void {}
    close(): void {}
  }
  /** A Blob that takes so long to read. */
  const blob = (message: object, rounds: number) => ({
    size: 1,
    async arrayBuffer() {
      for (let round = 0; round < rounds; round++) await settle();
      return new TextEncoder().encode(json(message)).buffer;
    },
  });

  test('keeps the order of messages and close, however long each takes to read', async () => {
    const socket = new BlobSocket();
    const seen: unknown[] = [];
    const opened = connectLive(
      { websocketUrl: 'ws://x', setup: {} },
      {
        onMessage: (message: LiveMessage) => void seen.push(message.number),
        onClose: ({ code }) => void seen.push(code),
      },
      { createSocket: () => socket },
    );
    socket.onmessage?.({ data: blob({ setupComplete: {} }, 3) });
    socket.onmessage?.({ data: blob({ number: 1 }, 5) });
    socket.onmessage?.({ data: blob({ number: 2 }, 0) });
    socket.onmessage?.({ data: json({ number: 3 }) });
    socket.onmessage?.({ data: new TextEncoder().encode(json({ number: 4 })).buffer });
    socket.onclose?.({ code: 1011, reason: '' });
    await opened;

    await expect.poll(() => seen).toEqual([1, 2, 3, 4, 1011]);
  });

  test('an error of a handler does not stop the messages after it', async () => {
    const socket = new BlobSocket();
    const clock = new VirtualClock();
    const seen: unknown[] = [];
    const onMessage = ({ number }: LiveMessage) => {
      seen.push(number);
      if (number === 1) throw new Error('of the app');
    };
    void connectLive({ websocketUrl: 'ws://x', setup: {} }, { onMessage }, { createSocket: () => socket, clock });
    socket.onmessage?.({ data: json({ setupComplete: {} }) });
    socket.onmessage?.({ data: blob({ number: 1 }, 1) });
    socket.onmessage?.({ data: blob({ number: 2 }, 1) });

    await expect.poll(() => seen).toEqual([1, 2]);
    await expect(clock.advance(0)).rejects.toThrow('of the app');
  });
});
