// @google/genai: https://googleapis.github.io/js-genai and https://ai.google.dev/gemini-api/docs/live-session.
// The documentation leaves resumption to the user: keep the newest handle, and connect again with it after goAway or when
// the connection ends. It says nothing of time limits, so there are none here. A connection on which the model never spoke
// is not tried again.
import { apiVersion, instruction, key, listen, load, mints, model, tell, url, weather, words } from '../voice-app.mjs';

const { GoogleGenAI, Modality, Type } = await load('@google/genai');
const httpOptions = { apiVersion, baseUrl: url };
const declaration = {
  name: 'get_weather',
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
};
let session = null;
let handle;

async function connect(ai) {
  const resumed = Boolean(handle);
  let connected = null;
  let [left, leaving, spoke, speaking] = [false, false, false, false];
  const cancelled = new Set();

  function goOn(why) {
    if (left) return;
    left = true;
    if (session === connected) session = null;
    if (why) tell('told', { text: why });
    if (why && (!handle || !spoke)) return tell('over');
    connect(ai);
  }

  async function answer({ id, name, args }) {
    tell('tool', { name });
    const response = await weather(args);
    if (!cancelled.has(id) && !left) connected.sendToolResponse({ functionResponses: [{ id, name, response }] });
  }

  function onmessage({ serverContent, toolCall, toolCallCancellation, sessionResumptionUpdate, goAway }) {
    if (sessionResumptionUpdate?.resumable) handle = sessionResumptionUpdate.newHandle ?? handle;
    if (serverContent?.outputTranscription) tell('said', { text: serverContent.outputTranscription.text ?? '' });
    if (serverContent?.interrupted) tell('interrupted');
    for (const call of toolCall?.functionCalls ?? []) answer(call);
    for (const id of toolCallCancellation?.ids ?? []) {
      cancelled.add(id);
      tell('cancelled', { id });
    }
    if (serverContent?.modelTurn) spoke = speaking = true;
    if (serverContent?.turnComplete) speaking = false;
    leaving ||= Boolean(goAway && handle);
    if (leaving && !speaking) {
      goOn();
      connected.close();
    }
  }

  try {
    connected = await ai.live.connect({
      model,
      config: {
        responseModalities: [Modality.AUDIO],
        systemInstruction: instruction,
        tools: [{ functionDeclarations: [declaration] }],
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        sessionResumption: { handle },
      },
      callbacks: {
        onmessage,
        onerror: (event) => tell('told', { text: `onerror: ${event.message}` }),
        onclose: ({ code, reason }) => goOn(`onclose: ${code} ${reason}`),
      },
    });
  } catch (error) {
    return goOn(words(error));
  }
  if (left) return;
  session = connected;
  tell('open', { resumed });
}

async function token() {
  const backend = new GoogleGenAI({ apiKey: key, httpOptions });
  return (await backend.authTokens.create({ config: { uses: 1 } })).name;
}

listen((data) => {
  if (data === null) session?.sendRealtimeInput({ audioStreamEnd: true });
  else session?.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
});
await connect(new GoogleGenAI({ apiKey: mints ? await token() : key, httpOptions }));
