// The built package, as an app's bundler, Node and Jest find it. `npm run build` comes first.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const client = fileURLToPath(new URL('..', import.meta.url));
const { exports, dependencies } = JSON.parse(readFileSync(`${client}package.json`, 'utf8'));
const ENTRIES = ['.', './react', './web-audio'];

test('there are three entries, and no dependencies', () => {
  expect(Object.keys(exports).sort()).toEqual([...ENTRIES, './package.json'].sort());
  expect(dependencies).toBeUndefined();
});

test.each(ENTRIES)('%s exports the same as an ES module and as CommonJS', (entry) => {
  const name = entry.replace('.', 'gemini-live-tokens');
  const asModule = execFileSync(
    process.execPath,
    ['--input-type=module', '-e', `console.log(Object.keys(await import('${name}')).sort().join())`],
    { cwd: client, encoding: 'utf8' },
  ).trim();

  expect(asModule).not.toBe('');
  expect(
    Object.keys(createRequire(import.meta.url)(name))
      .sort()
      .join(),
  ).toBe(asModule);
});

test('an error of one copy is known to the other', () => {
  const { LiveTokenError } = createRequire(import.meta.url)('gemini-live-tokens');
  const error = new LiveTokenError('USER_BLOCKED', 'stop', 'Blocked.');
  const check = "import('gemini-live-tokens').then(({ isLiveTokenError }) => console.log(isLiveTokenError(";

  const known = execFileSync(process.execPath, ['-e', `${check}${JSON.stringify({ ...error, name: error.name })})))`], {
    cwd: client,
    encoding: 'utf8',
  });

  expect(known.trim()).toBe('true');
});
