import type { LiveAudio, LiveAudioEvents, LiveSocket } from '../src/index.js';

/** A socket whose other end is the test. */
export class FakeSocket implements LiveSocket {
  binaryType = 'blob';
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Record<string, never>[] = [];
  isOpen = true;

  constructor(
    readonly url: string,
    private readonly answersClose: boolean,
  ) {}

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    if (this.answersClose) this.end(1000);
  }

  /** Completes the handshake and the setup. */
  open(): void {
    this.onopen?.();
    this.say({ setupComplete: {} });
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The other end closes. */
  end(code: number, reason = ''): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.onclose?.({ code, reason });
  }

  /** The texts that were sent, and how many bytes of sound. */
  get texts(): unknown[] {
    return this.inputs.map((input) => input.text).filter((text) => text !== undefined);
  }

  get sounds(): string[] {
    return this.inputs.flatMap((input) => (input.audio ? [(input.audio as { data: string }).data] : []));
  }

  private get inputs(): Record<string, unknown>[] {
    return this.sent.map((message) => (message.realtimeInput ?? {}) as Record<string, unknown>);
  }
}

/** Gives out sockets and remembers them. */
export class FakeGemini {
  readonly sockets: FakeSocket[] = [];
  /** The most sockets that were open at the same time. */
  mostOpen = 0;
  answersClose = true;

  readonly createSocket = (url: string): LiveSocket => {
    const socket = new FakeSocket(url, this.answersClose);
    this.sockets.push(socket);
    this.mostOpen = Math.max(this.mostOpen, this.sockets.filter(({ isOpen }) => isOpen).length);
    return socket;
  };

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('There is no socket.');
    return socket;
  }
}

/** Audio that plays nothing and hears what a test says. */
export class FakeAudio implements LiveAudio {
  events: LiveAudioEvents | undefined;
  played: number[] = [];
  flushes = 0;
  starts = 0;
  stops = 0;
  refuses: Error | undefined;

  async start(events: LiveAudioEvents): Promise<void> {
    this.starts++;
    if (this.refuses) throw this.refuses;
    this.events = events;
  }

  play(pcm: Uint8Array): void {
    this.played.push(...pcm);
  }

  flush(): void {
    this.flushes++;
  }

  async stop(): Promise<void> {
    this.stops++;
  }
}
