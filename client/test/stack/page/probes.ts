// Runs before the page of `make web`: its microphone hears what a drive says, and its sockets and its sound are watched.
import { tapLoudspeaker } from './loudspeaker.js';

export interface Probes {
  /** Each socket: the token in its URL, how many others were not closed when it was created, the sound that it sent. */
  sockets: { token: string; beside: number; sent: string[] }[];
  /** Each `interrupted`, after the page has acted on it: what it says then, and the frame of the loudspeaker. */
  interruptions: { title: string; frame: number }[];
  /** What was rendered and is not silence, with its frame. */
  rendered: { frame: number; samples: number[] }[];
  /** Loud sound of the microphone in each time in which the page had no connection. */
  inGaps: string[][];
  /** Says something as soon as the page has no connection, each time. */
  sayInGaps: number[] | undefined;
  /** Says samples of 24 kHz into the microphone. */
  say(samples: number[]): void;
  /** Lines of the transcript that a screen reader is told, as they come. */
  told: string[];
}

declare global {
  interface Window {
    probes: Probes;
  }
}

const RATE = 24_000;
const LOUD = 1000;
const title = () => document.getElementById('title')?.textContent ?? '';
const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
let loudspeaker: BaseAudioContext | undefined;
let mouth: AudioContext;
let lips: MediaStreamAudioDestinationNode;

const probes: Probes = {
  sockets: [],
  interruptions: [],
  rendered: [],
  inGaps: [],
  sayInGaps: undefined,
  told: [],
  say(samples) {
    const buffer = mouth.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(
      Float32Array.from(samples, (sample) => sample / 32768),
      0,
    );
    const source = new AudioBufferSourceNode(mouth, { buffer });
    source.connect(lips);
    source.start();
  },
};
window.probes = probes;

navigator.mediaDevices.getUserMedia = async () => {
  mouth = new AudioContext();
  lips = mouth.createMediaStreamDestination();
  return lips.stream;
};

tapLoudspeaker(
  (samples, frame) => {
    if (samples.some((sample) => sample !== 0)) probes.rendered.push({ frame, samples });
  },
  (context) => {
    loudspeaker = context;
  },
);

window.AudioWorkletNode = class extends AudioWorkletNode {
  constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
    super(context, name, options);
    if (name !== 'mic') return;
    this.port.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      const isLoud = new Int16Array(data).some((sample) => Math.abs(sample) > LOUD);
      if (isLoud && title() === 'Still with you') probes.inGaps.at(-1)?.push(base64(data));
    });
  }
};

const sockets: WebSocket[] = [];
window.WebSocket = class extends WebSocket {
  readonly #sent: string[] = [];

  constructor(url: string | URL) {
    super(url);
    const beside = sockets.filter(({ readyState }) => readyState !== WebSocket.CLOSED).length;
    sockets.push(this);
    probes.sockets.push({ token: String(new URL(url).searchParams.get('access_token')), beside, sent: this.#sent });
    // Listens after the page, which begins to listen as soon as it has the socket.
    queueMicrotask(() =>
      this.addEventListener('message', ({ data }) => {
        const { serverContent } = JSON.parse(new TextDecoder().decode(data));
        if (!serverContent?.interrupted) return;
        const frame = Math.round((loudspeaker?.currentTime ?? 0) * RATE);
        probes.interruptions.push({ title: title(), frame });
      }),
    );
  }

  override send(data: string): void {
    const sound = JSON.parse(data).realtimeInput?.audio?.data;
    if (sound) this.#sent.push(sound);
    super.send(data);
  }
};

addEventListener('DOMContentLoaded', () => {
  let before = '';
  new MutationObserver(() => {
    const now = title();
    if (now === 'Still with you' && now !== before) {
      probes.inGaps.push([]);
      if (probes.sayInGaps) probes.say(probes.sayInGaps);
    }
    before = now;
  }).observe(document.getElementById('title') as HTMLElement, { childList: true });
  new MutationObserver((changes) => {
    for (const added of changes.flatMap(({ addedNodes }) => [...addedNodes]) as HTMLElement[]) {
      if (added.ariaHidden !== 'true') probes.told.push(added.textContent ?? '');
    }
  }).observe(document.getElementById('transcript') as HTMLElement, { childList: true });
});
