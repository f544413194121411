// What every script here does: read one JSON document from stdin, act on it, print one JSON document, end.
import { text } from 'node:stream/consumers';

export async function run(act) {
  const answer = await act(JSON.parse(await text(process.stdin)));
  // The SDKs keep timers and sockets alive: end by hand, once everything is written.
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}
