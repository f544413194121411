// A page with a session and the audio of the browser, which the tests reach through `window`.
import { createLiveSession, createLiveTokens, type LiveMessage, type LiveSession } from '../../../src/index.js';
import { type WebAudio, webAudio } from '../../../src/web-audio.js';

declare global {
  interface Window {
    session: LiveSession;
    audio: WebAudio;
    /** What was rendered for the loudspeaker. */
    rendered: number[];
    messages: LiveMessage[];
  }
}

const TAP = `registerProcessor('tap',class extends AudioWorkletProcessor{
process([[samples]]){if(samples)this.port.postMessage(samples.slice());return true}})`;

// Listens in front of the loudspeaker, beside what is connected to it.
window.rendered = [];
const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode, ...rest: number[]) {
  if (target === this.context.destination) void tap(this);
  return Reflect.apply(connect, this, [target, ...rest]);
} as typeof connect;

async function tap(source: AudioNode): Promise<void> {
  const url = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
  await source.context.audioWorklet.addModule(url);
  const node = new AudioWorkletNode(source.context, 'tap', { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
    for (const sample of data) window.rendered.push(Math.round(sample * 32768));
  };
  Reflect.apply(connect, source, [node]);
}

const query = new URLSearchParams(location.search);
window.messages = [];
window.audio = webAudio();
window.session = createLiveSession({
  tokens: createLiveTokens({ url: String(query.get('mint')), getIdToken: async () => query.get('idToken') }),
  audio: window.audio,
  onMessage: (message) => window.messages.push(message),
});
const button = document.createElement('button');
button.onclick = () => void window.session.start();
document.body.append(button);
