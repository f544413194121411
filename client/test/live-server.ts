import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A WebSocket server on loopback that does what a test says. */
export class LiveServer {
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  /** @param serve gets each socket, and its first message. */
  static async start(serve: (socket: WebSocket, first: unknown) => void): Promise<LiveServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => {
      socket.once('message', (data) => serve(socket, JSON.parse(String(data))));
    });
    await new Promise((resolve) => server.once('listening', resolve));
    return new LiveServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/?access_token=auth_tokens/1`;
  }

  get sockets(): number {
    return this.#server.clients.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
