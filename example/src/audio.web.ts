export { webAudio as createAudio } from 'gemini-live-tokens/web-audio';
