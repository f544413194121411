// Runs the function `answerToolCalls` of a source text on messages, and tells what it sends.
import { run } from './run.mjs';

await run(async ({ source, messages, results }) => {
  const { answerToolCalls } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const sent = [];
  const socket = { send: (text) => sent.push(JSON.parse(text)) };
  const runTool = async (name, args) => {
    if (!(name in results)) throw new Error('There is no such tool.');
    return { ...results[name], args };
  };
  for (const message of messages) await answerToolCalls(socket, message, runTool);
  return sent;
});
