// A page with a session and the audio of the browser, which the tests reach through `window`.
import { createLiveSession, createLiveTokens, type LiveMessage, type LiveSession } from '../../../src/index.js';
import { type WebAudio, webAudio } from '../../../src/web-audio.js';
import { tapLoudspeaker } from './loudspeaker.js';

declare global {
  interface Window {
    session: LiveSession;
    audio: WebAudio;
    /** What was rendered for the loudspeaker. */
    rendered: number[];
    messages: LiveMessage[];
  }
}

window.rendered = [];
tapLoudspeaker((samples) => window.rendered.push(...samples));

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
