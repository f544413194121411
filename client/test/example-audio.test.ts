// The sound of a phone in example/, which runs on react-native-audio-api: here on a fake of it.
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LiveAudio } from '../src/index.js';
import { phone } from './fake-react-native-audio-api.js';

// By a name that TypeScript does not follow: the packages of the app are not installed here.
const file = fileURLToPath(new URL('../../example/src/audio.ts', import.meta.url));
const { createAudio } = (await import(file)) as { createAudio: () => LiveAudio };

const pcm = (...samples: number[]) => new Uint8Array(Int16Array.from(samples).buffer);

function setUp() {
  const heard: number[][] = [];
  const playing: boolean[] = [];
  const audio = createAudio();
  const start = () =>
    audio.start({
      onMicrophone: (sound) => heard.push([...new Int16Array(sound.slice().buffer)]),
      onPlaying: (isPlaying) => playing.push(isPlaying),
    });
  return { audio, start, heard, playing };
}

const atRest = () => !phone.isRecording && !phone.isSessionActive && phone.openContexts === 0 && !phone.heard;

describe('the audio of a phone in example/', () => {
  beforeEach(() => {
    Object.assign(phone, { permission: 'Granted', hasMicrophone: true });
  });

  test('the microphone sends quiet while the model can be heard, and else what it hears', async () => {
    const { audio, start, heard, playing } = setUp();
    await start();
    phone.hear(0, 0.5, -2);
    audio.play(pcm(1, 2));
    audio.play(pcm(3));
    phone.hear(0.5);
    phone.playOne();
    phone.hear(0.5);
    phone.playOne();
    phone.hear(0.5);
    await audio.stop();

    expect(heard).toEqual([[0, 16_383, -32_767], [0], [0], [16_383]]);
    expect(playing).toEqual([true, false]);
    expect(atRest()).toBe(true);
  });

  test('what the model says is queued sample by sample', async () => {
    const { audio, start } = setUp();
    await start();
    audio.play(pcm(-32_768, 16_384));
    audio.play(pcm());

    expect(phone.queue.map(({ samples }) => [...samples])).toEqual([[-1, 0.5]]);
    await audio.stop();
  });

  test('after a flush the microphone is heard at once, and the end of what was flushed ends nothing new', async () => {
    const { audio, start, heard, playing } = setUp();
    await start();
    audio.play(pcm(1));
    audio.flush();
    phone.hear(0.5);
    audio.play(pcm(2));
    phone.ended?.({ bufferId: '0', isLastBufferInQueue: true });
    phone.hear(0.5);
    await audio.stop();

    expect(heard).toEqual([[16_383], [0]]);
    expect(playing).toEqual([true, false, true, false]);
  });

  test.each([
    ['the user does not allow the microphone', { permission: 'Denied' }, 'NotAllowedError'],
    ['there is no microphone', { hasMicrophone: false }, 'NotFoundError'],
  ] as const)('%s: start rejects, and nothing runs', async (_, lacks, name) => {
    Object.assign(phone, lacks);

    await expect(setUp().start()).rejects.toMatchObject({ name });
    expect(atRest()).toBe(true);
  });

  test('a stop while it starts leaves nothing running', async () => {
    const { audio, start } = setUp();
    const starting = start();
    await audio.stop();
    await starting;

    expect(atRest()).toBe(true);
    await audio.stop();
  });
});
