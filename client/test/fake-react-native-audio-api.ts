// What example/src/audio.ts uses of react-native-audio-api 0.13.6, as its published source behaves.
type Ended = (event: { bufferId: string; isLastBufferInQueue: boolean }) => void;
type Heard = (event: { buffer: { getChannelData(channel: number): Float32Array }; numFrames: number }) => void;

/** The phone of a test. */
export const phone = {
  permission: 'Granted' as 'Granted' | 'Denied',
  hasMicrophone: true,
  isSessionActive: false,
  queue: [] as { id: string; samples: Float32Array }[],
  openContexts: 0,
  ended: undefined as Ended | undefined,
  heard: undefined as Heard | undefined,
  isRecording: false,
  /** Lets the first buffer of the queue sound to its end. */
  playOne(): void {
    const buffer = phone.queue.shift();
    if (buffer) phone.ended?.({ bufferId: buffer.id, isLastBufferInQueue: phone.queue.length === 0 });
  },
  /** Lets the microphone hear samples. The buffer is longer than what was heard. */
  hear(...samples: number[]): void {
    const channel = Float32Array.from([...samples, 9, 9]);
    phone.heard?.({ buffer: { getChannelData: () => channel }, numFrames: samples.length });
  },
};

export const AudioManager = {
  requestRecordingPermissions: async () => phone.permission,
  setAudioSessionOptions() {},
  async setAudioSessionActivity(isActive: boolean) {
    phone.isSessionActive = isActive;
  },
};

export class AudioContext {
  readonly destination = {};
  constructor() {
    phone.openContexts++;
  }
  createBufferQueueSource() {
    let buffers = 0;
    return {
      set onBufferEnded(then: Ended) {
        phone.ended = then;
      },
      connect() {},
      start(_when: number, offset = -1) {
        if (offset < 0) throw new RangeError(`offset must be a finite non-negative number: ${offset}`);
      },
      enqueueBuffer({ samples }: { samples: Float32Array }) {
        const id = String(buffers++);
        phone.queue.push({ id, samples });
        return id;
      },
      /** Ends buffers without saying so. */
      clearBuffers() {
        phone.queue = [];
      },
    };
  }
  createBuffer(_channels: number, length: number) {
    const samples = new Float32Array(length);
    return { samples, copyToChannel: (source: Float32Array) => samples.set(source) };
  }
  async close() {
    phone.openContexts--;
  }
}

export class AudioRecorder {
  onAudioReady(_format: object, then: Heard) {
    phone.heard = then;
    return { status: 'success' };
  }
  clearOnAudioReady() {
    phone.heard = undefined;
  }
  async start() {
    phone.isRecording = phone.hasMicrophone;
    return phone.hasMicrophone ? { status: 'success' } : { status: 'error', message: 'No input.' };
  }
  async stop() {
    phone.isRecording = false;
    return { status: 'success' };
  }
}
