import { describe, expect, test } from 'vitest';
import { settle } from '../virtual-clock.js';
import { setUp } from './set-up.js';

describe('tools', () => {
  const call = (id: string, name: string, args?: object) => ({ toolCall: { functionCalls: [{ id, name, args }] } });
  const responses = (sent: Record<string, never>[]) =>
    sent.flatMap(
      ({ toolResponse }) => (toolResponse as { functionResponses: object[] } | undefined)?.functionResponses ?? [],
    );

  test('run with their arguments, and answer with id and name', async () => {
    const { start, gemini } = setUp({ tools: { double: ({ number }: { number: number }) => 2 * number } });
    await start();
    gemini.last.say(call('c1', 'double', { number: 21 }));
    await settle();

    expect(responses(gemini.last.sent)).toEqual([{ id: 'c1', name: 'double', response: { result: 42 } }]);
  });

  test.each([
    ['broken', 'It broke.'],
    ['unknown', 'There is no tool unknown.'],
    ['toString', 'There is no tool toString.'],
  ])('that fail answer with the error: %s', async (name, error) => {
    const tools = {
      broken: async () => {
        throw new Error('It broke.');
      },
    };
    const { start, gemini } = setUp({ tools });
    await start();
    gemini.last.say(call('c1', name));
    await settle();

    expect(responses(gemini.last.sent)).toEqual([{ id: 'c1', name, response: { error } }]);
  });

  test('that are cancelled know it, and do not answer', async () => {
    let finish: (value: string) => void = () => {};
    let cancelled: (() => boolean) | undefined;
    const tools = {
      slow: (_: unknown, running: { cancelled: boolean }) => {
        cancelled = () => running.cancelled;
        return new Promise<string>((resolve) => (finish = resolve));
      },
    };
    const { start, gemini, state } = setUp({ tools });
    await start();
    gemini.last.say(call('c1', 'slow'));
    expect(state().runningTools).toEqual(['slow']);
    gemini.last.say({ toolCallCancellation: { ids: ['c1'] } });
    expect({ tools: state().runningTools, cancelled: cancelled?.() }).toEqual({ tools: [], cancelled: true });
    finish('late');
    await settle();

    expect(responses(gemini.last.sent)).toEqual([]);
  });

  test('of a lost connection do not answer on the next', async () => {
    let finish: (value: string) => void = () => {};
    const { start, reopen, gemini } = setUp({
      tools: { slow: () => new Promise<string>((resolve) => (finish = resolve)) },
    });
    await start();
    gemini.last.say(call('c1', 'slow'));
    gemini.last.end(1006);
    await reopen(500);
    finish('late');
    await settle();

    expect(responses(gemini.last.sent)).toEqual([]);
  });
});
