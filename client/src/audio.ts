/** What a session wants to hear from the audio of the app. */
export interface LiveAudioEvents {
  /** Sound of the microphone: PCM, 16 bit little endian, mono, 16 kHz; best 20 to 100 ms at a time. */
  onMicrophone(pcm: Uint8Array): void;
  /** The playback queue begins to sound, or is empty. */
  onPlaying(playing: boolean): void;
}

/** Microphone and loudspeaker of an app. `./web-audio` has one for browsers; native apps write their own. */
export interface LiveAudio {
  /** Asks for the microphone and starts it. A rejection ends the session as `failed`, before a token is taken. */
  start(events: LiveAudioEvents): Promise<void>;
  /** Queues sound of the model behind what is queued: PCM, 16 bit little endian, mono, 24 kHz. */
  play(pcm: Uint8Array): void;
  /** Empties the queue at once, because the user interrupted the model. */
  flush(): void;
  /** Stops microphone and playback. May be called twice, and while `start` runs. */
  stop(): Promise<void>;
}
