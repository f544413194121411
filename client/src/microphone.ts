import { encodeBase64 } from './base64.js';

const BYTES_PER_SECOND = 2 * 16_000;
const KEPT_BYTES = 2 * BYTES_PER_SECOND;
// Mean amplitude of speech near a microphone, in steps of 256: about -32 dB. A quiet room is below 1.
const LOUD = 3;
// So much more loud sound than half the quiet around it is speech, and no click.
const SPEECH_BYTES = 0.3 * BYTES_PER_SECOND;

/** Sends what the microphone hears, and keeps the last two seconds while there is no connection. */
export interface Microphone {
  hear(pcm: Uint8Array): void;
  mute(muted: boolean): void;
  /** Sends what was kept. Call it when there is a connection again. */
  resume(): void;
  clear(): void;
}

/**
 * @param send sends one message; returns false if there is no connection.
 * @param onSpeech called again and again while somebody speaks.
 */
export function createMicrophone(send: (message: object) => boolean, onSpeech: () => void): Microphone {
  let kept: Uint8Array[] = [];
  let loudBytes = 0;
  let muted = false;
  const sendSound = (pcm: Uint8Array) =>
    send({ realtimeInput: { audio: { data: encodeBase64(pcm), mimeType: 'audio/pcm;rate=16000' } } });

  /** The model ends the user's turn by the quiet after it. gemini-3.8-live ignores audioStreamEnd: openclaw#152830. */
  function sendQuiet(): void {
    for (let tenth = 0; tenth < 10; tenth++) sendSound(new Uint8Array(BYTES_PER_SECOND / 10));
  }

  return {
    hear(pcm) {
      if (muted) return;
      if (!sendSound(pcm)) {
        kept.push(pcm);
        let bytes = kept.reduce((sum, chunk) => sum + chunk.length, 0);
        while (bytes > KEPT_BYTES) bytes -= (kept.shift() as Uint8Array).length;
      }
      const loud = isLoud(pcm);
      loudBytes = Math.max(0, Math.min(SPEECH_BYTES, loudBytes + (loud ? pcm.length : -pcm.length / 2)));
      if (loud && loudBytes === SPEECH_BYTES) onSpeech();
    },
    mute(now) {
      if (now && !muted) sendQuiet();
      muted = now;
    },
    resume() {
      for (const chunk of kept.splice(0)) sendSound(chunk);
      if (muted) sendQuiet();
    },
    clear() {
      kept = [];
    },
  };
}

function isLoud(pcm: Uint8Array): boolean {
  let sum = 0;
  for (let at = 1; at < pcm.length; at += 2) sum += Math.abs(((pcm[at] as number) << 24) >> 24);
  return sum > (LOUD * pcm.length) / 2;
}
