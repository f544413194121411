import { createLiveSession, createLiveTokens, type LiveSessionOptions, type LiveState } from '../../src/index.js';
import { FakeAudio, FakeGemini } from '../fake-gemini.js';
import { settle, VirtualClock } from '../virtual-clock.js';
import { FakeFunction } from './fake-function.js';

/** A session on a clock that the test moves, with a function and a Gemini that do what the test says. */
export function setUp(options: Partial<LiveSessionOptions> & { leaseSeconds?: number } = {}) {
  const clock = new VirtualClock();
  const minter = new FakeFunction(clock);
  minter.leaseSeconds = options.leaseSeconds;
  const gemini = new FakeGemini();
  const audio = new FakeAudio();
  const tokens = createLiveTokens(minter.callable, { clock, random: () => 1 });
  const session = createLiveSession({ tokens, audio, clock, createSocket: gemini.createSocket, ...options });
  const seen: LiveState['status'][] = ['idle'];
  session.subscribe(() => {
    const { status } = session.getState();
    if (status !== seen.at(-1)) seen.push(status);
  });
  const offer = (newHandle: string) => gemini.last.say({ sessionResumptionUpdate: { newHandle, resumable: true } });
  async function start(): Promise<void> {
    void session.start();
    await settle();
    gemini.last.open();
    offer('h1');
    await settle();
  }
  /** Lets the next connection open, after so many milliseconds. */
  async function reopen(milliseconds = 0): Promise<void> {
    await clock.advance(milliseconds);
    gemini.last.open();
    await settle();
  }
  return { clock, minter, gemini, audio, session, seen, offer, start, reopen, state: session.getState };
}

export const says = (text: string, more: object = {}) => ({
  serverContent: { outputTranscription: { text }, ...more },
});
export const TURN_COMPLETE = { serverContent: { turnComplete: true } };
