// The examples without React, as they stand. browser.test.ts runs those with it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';

const { authHost, functionUrl } = inject('stack');
const client = fileURLToPath(new URL('../..', import.meta.url));

// What the README leaves to the app: the configuration of Firebase, and a signed-in user.
const APP = `
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, createUserWithEmailAndPassword, inMemoryPersistence, initializeAuth } from 'firebase/auth';

export const MINT_URL = '${functionUrl}';
export const app = initializeApp({ apiKey: 'any', projectId: 'demo-live-tokens' });
const auth = initializeAuth(app, { persistence: inMemoryPersistence });
connectAuthEmulator(auth, 'http://${authHost}', { disableWarnings: true });
export const signedIn = createUserWithEmailAndPassword(auth, \`\${crypto.randomUUID()}@example.com\`, 'password');
`;

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: 'ESNext',
    moduleResolution: 'bundler',
    target: 'ES2022',
    skipLibCheck: true,
    types: [],
  },
  include: ['example.ts'],
};

test.each([
  ['README.md', 'client'],
  ['../README.md', 'root'],
])('the example without React of %s compiles, talks and hangs up as it stands', async (readme, name) => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${client}${readme}`, 'utf8')) as RegExpExecArray;
  const folder = `${client}dist/readme-without-react/${name}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/example.ts`, String(example));
  writeFileSync(`${folder}/firebase.ts`, APP);
  writeFileSync(`${folder}/app.ts`, "export { sayHello } from './example';\nexport { signedIn } from './firebase';\n");
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(TSCONFIG));
  execFileSync(`${client}node_modules/.bin/tsc`, ['-p', folder], { stdio: 'inherit' });
  const outfile = `${folder}/app.cjs`;
  await build({ entryPoints: [`${folder}/app.ts`], outfile, bundle: true, platform: 'node', format: 'cjs' });

  Object.assign(globalThis, { WebSocket });
  const { sayHello, signedIn } = createRequire(import.meta.url)(outfile);
  await signedIn;
  for (let talk = 0; talk < 2; talk++) {
    let words = '';
    const hangUp = await sayHello((said: string) => {
      words += said;
    });
    await expect.poll(() => words, { timeout: 20_000 }).toContain('stand-in');
    await hangUp(); // or the user's one slot would be taken
  }
});

test('the hook takes 15 lines, none of them long', () => {
  const readme = readFileSync(`${client}../README.md`, 'utf8');
  const lines = String(/```tsx\n([\s\S]*?)\n```/.exec(readme)?.[1]).split('\n');

  expect(lines.length).toBeLessThanOrEqual(15);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
});
