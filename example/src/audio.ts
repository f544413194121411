import type { LiveAudio, LiveAudioEvents } from 'gemini-live-tokens';
import { AudioContext, AudioManager, AudioRecorder } from 'react-native-audio-api';

const MICROPHONE_RATE = 16_000;
const SPEAKER_RATE = 24_000;
const MICROPHONE_SAMPLES = MICROPHONE_RATE / 25; // 40 ms

type Running = Pick<LiveAudio, 'play' | 'flush' | 'stop'>;

/**
 * Microphone and loudspeaker of a phone.
 *
 * Half duplex: react-native-audio-api 0.13.6 has no echo cancellation, so the model would hear itself in the loudspeaker.
 * While it speaks, the microphone sends quiet. Remove `isPlaying` once a version with `iosVoiceProcessing` and
 * `androidInputPreset` is out: the user can then interrupt by speaking.
 */
export function createAudio(): LiveAudio {
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
      const stopped = stop();
      const mine = starts;
      await stopped;
      const running = await startAudio(events);
      if (mine === starts) current = running;
      else await running.stop();
    },
    play: (pcm) => current?.play(pcm),
    flush: () => current?.flush(),
    stop,
  };
}

async function startAudio(events: LiveAudioEvents): Promise<Running> {
  if ((await AudioManager.requestRecordingPermissions()) !== 'Granted') {
    throw Object.assign(new Error('The microphone is not allowed.'), { name: 'NotAllowedError' });
  }
  AudioManager.setAudioSessionOptions({
    iosCategory: 'playAndRecord',
    iosMode: 'voiceChat',
    iosOptions: ['defaultToSpeaker', 'allowBluetoothHFP'],
  });
  await AudioManager.setAudioSessionActivity(true);

  const context = new AudioContext({ sampleRate: SPEAKER_RATE });
  const speaker = context.createBufferQueueSource();
  const queued = new Set<string>();
  let isPlaying = false;
  const setPlaying = (playing: boolean) => {
    if (playing === isPlaying) return;
    isPlaying = playing;
    events.onPlaying(playing);
  };
  speaker.onBufferEnded = ({ bufferId }) => {
    if (queued.delete(bufferId) && queued.size === 0) setPlaying(false);
  };
  speaker.connect(context.destination);
  speaker.start(0, 0); // without the second argument, 0.13.6 throws a RangeError

  const recorder = new AudioRecorder();
  const format = { sampleRate: MICROPHONE_RATE, bufferLength: MICROPHONE_SAMPLES, channelCount: 1 };
  recorder.onAudioReady(format, ({ buffer, numFrames }) => {
    const samples = buffer.getChannelData(0).subarray(0, numFrames);
    events.onMicrophone(isPlaying ? new Uint8Array(2 * samples.length) : toPcm(samples));
  });

  function flush(): void {
    speaker.clearBuffers();
    queued.clear();
    setPlaying(false);
  }

  async function stop(): Promise<void> {
    recorder.clearOnAudioReady();
    flush();
    await Promise.all([recorder.stop(), context.close()]);
    await AudioManager.setAudioSessionActivity(false);
  }

  const started = await recorder.start();
  if (started.status === 'error') {
    await stop();
    throw Object.assign(new Error(started.message), { name: 'NotFoundError' });
  }
  return {
    play(pcm) {
      const samples = fromPcm(pcm);
      if (samples.length === 0) return;
      const buffer = context.createBuffer(1, samples.length, SPEAKER_RATE);
      buffer.copyToChannel(samples, 0);
      queued.add(speaker.enqueueBuffer(buffer));
      setPlaying(true);
    },
    flush,
    stop,
  };
}

function toPcm(samples: Float32Array): Uint8Array {
  const pcm = new DataView(new ArrayBuffer(2 * samples.length));
  for (const [at, sample] of samples.entries()) pcm.setInt16(2 * at, Math.max(-1, Math.min(1, sample)) * 32_767, true);
  return new Uint8Array(pcm.buffer);
}

function fromPcm(pcm: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return Float32Array.from({ length: pcm.byteLength >> 1 }, (_, at) => view.getInt16(2 * at, true) / 32_768);
}
