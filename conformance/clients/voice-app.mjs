// What the JavaScript apps share: the microphone is stdin, a line for 40 ms of sound, and what happens is a line on stdout.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

export const { LIVE_URL: url, LIVE_KEY: key, LIVE_MODEL: model, LIVE_API_VERSION: apiVersion } = process.env;
export const mints = process.env.LIVE_MINT === '1';
export const instruction = 'You are a friendly assistant. Answer in one sentence.';

const find = createRequire(`${process.env.CLIENT_MODULES}/`);

// A package of the client's own environment, which is not beside this file.
export const load = (name) => import(pathToFileURL(find.resolve(name)).href);

export const tell = (event, details = {}) => process.stdout.write(`${JSON.stringify({ event, ...details })}\n`);

// The weather, which takes a second to look up.
export const weather = ({ city }) =>
  new Promise((resolve) => setTimeout(resolve, 1000, { weather: `rain in ${city}` }));

// Calls `onChunk` with 40 ms of sound in base64, PCM16 mono at 16 kHz, or with null when the microphone is switched off.
export function listen(onChunk) {
  createInterface({ input: process.stdin })
    .on('line', (line) => onChunk(line === 'mute' ? null : line))
    .on('close', () => process.exit(0));
}

export const words = (error) => `${error?.name ?? 'Error'}: ${error?.message ?? error}`.replace(/\s+/g, ' ').slice(0, 300);
