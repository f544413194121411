import type { LiveAudio, LiveAudioEvents } from './audio.js';

/** Loudness from 0 to 1 of what is heard and said at this moment. */
export interface AudioLevels {
  microphone: number;
  speaker: number;
}

export interface WebAudio extends LiveAudio {
  levels(): AudioLevels;
}

export interface WebAudioOptions {
  /** More constraints for the microphone, such as `{ deviceId }`. */
  microphone?: MediaTrackConstraints;
}

const MICROPHONE_RATE = 16_000;
const SPEAKER_RATE = 24_000;

// Runs in the AudioWorklet: averages to 16 kHz where the browser gives another rate, and posts 40 ms at a time.
const WORKLET = `registerProcessor('mic',class extends AudioWorkletProcessor{
constructor(){super();this.o=new Int16Array(640);this.n=this.s=this.c=this.p=0}
process([[i]]){if(i)for(const x of i){this.s+=x;this.c++;this.p+=16000;if(this.p>=sampleRate){this.p-=sampleRate;
this.o[this.n++]=Math.max(-1,Math.min(1,this.s/this.c))*32767;this.s=this.c=0;
if(this.n===640){this.port.postMessage(this.o.slice().buffer);this.n=0}}}return true}})`;

/**
 * Microphone and loudspeaker of a browser, with echo cancellation. Needs a secure context: https, or 127.0.0.1.
 *
 * `start` rejects with the browser's `NotAllowedError` or `NotFoundError`.
 */
export function webAudio(options: WebAudioOptions = {}): WebAudio {
  let current: Running | undefined;
  let starts = 0;

  async function stop(): Promise<void> {
    starts++;
    const running = current;
    current = undefined;
    await running?.stop();
  }

  return {
    async start(events) {
      // Before anything is waited for: browsers want it in the handler of a tap.
      const speaker = new AudioContext({ sampleRate: SPEAKER_RATE });
      const stopped = stop();
      const mine = starts;
      await stopped;
      const running = await startAudio(speaker, events, options).catch((error) => {
        void speaker.close();
        throw error;
      });
      if (mine === starts) current = running;
      else await running.stop();
    },
    play: (pcm) => current?.play(pcm),
    flush: () => current?.flush(),
    stop,
    levels: () => current?.levels() ?? { microphone: 0, speaker: 0 },
  };
}

interface Running {
  play(pcm: Uint8Array): void;
  flush(): void;
  stop(): Promise<void>;
  levels(): AudioLevels;
}

async function startAudio(speaker: AudioContext, events: LiveAudioEvents, options: WebAudioOptions): Promise<Running> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...options.microphone,
    },
  });
  let microphone = new AudioContext({ sampleRate: MICROPHONE_RATE });
  const release = () => {
    for (const track of stream.getTracks()) track.stop();
    return microphone.close();
  };
  try {
    let source: MediaStreamAudioSourceNode;
    try {
      source = microphone.createMediaStreamSource(stream);
    } catch {
      // Firefox connects a microphone to a context of its own rate only.
      void microphone.close();
      microphone = new AudioContext();
      source = microphone.createMediaStreamSource(stream);
    }
    const url = URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' }));
    await microphone.audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url));
    const worklet = new AudioWorkletNode(microphone, 'mic', { numberOfOutputs: 0 });
    worklet.port.onmessage = (event: MessageEvent<ArrayBuffer>) => events.onMicrophone(new Uint8Array(event.data));
    const heard = new AnalyserNode(microphone);
    source.connect(heard).connect(worklet);

    const said = new AnalyserNode(speaker);
    said.connect(speaker.destination);
    const queue = createQueue(speaker, said, events.onPlaying);
    return {
      ...queue,
      async stop() {
        queue.flush();
        await Promise.all([release(), speaker.close()]);
      },
      levels: () => ({ microphone: loudness(heard), speaker: loudness(said) }),
    };
  } catch (error) {
    void release();
    throw error;
  }
}

/** Plays each buffer exactly where the one before it ends. */
function createQueue(context: AudioContext, output: AudioNode, onPlaying: (playing: boolean) => void) {
  const queued = new Set<AudioBufferSourceNode>();
  let end = 0;

  function ended(node: AudioBufferSourceNode): void {
    if (queued.delete(node) && queued.size === 0) onPlaying(false);
  }

  return {
    play(pcm: Uint8Array): void {
      const samples = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
      const length = pcm.byteLength >> 1;
      if (length === 0) return;
      const buffer = context.createBuffer(1, length, SPEAKER_RATE);
      const channel = buffer.getChannelData(0);
      for (let at = 0; at < length; at++) channel[at] = samples.getInt16(2 * at, true) / 32768;
      const node = new AudioBufferSourceNode(context, { buffer });
      node.connect(output);
      node.onended = () => ended(node);
      // On whole samples: a start between two of them would be interpolated.
      const now = Math.ceil((context.currentTime + 0.02) * SPEAKER_RATE);
      const start = Math.max(end, now);
      end = start + length;
      node.start(start / SPEAKER_RATE);
      queued.add(node);
      if (queued.size === 1) onPlaying(true);
    },
    flush(): void {
      end = 0;
      for (const node of queued) {
        node.stop();
        ended(node);
      }
    },
  };
}

function loudness(analyser: AnalyserNode): number {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return Math.hypot(...samples) / Math.sqrt(samples.length);
}
