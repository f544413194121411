// Writes what is made from tables/: src/reasons.ts, src/closes.ts and three tables in docs/client.md.
// With --check it writes nothing, and fails if one of them is not up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const reasons = JSON.parse(read('client/tables/reasons.json'));
const closes = JSON.parse(read('client/tables/closes.json'));
const sizes = JSON.parse(read('client/tables/sizes.json'));

const made = (from) => `// Written by scripts/write-tables.mjs from tables/${from}. Do not edit.\n\n`;

// Any other status means: stop.
const NEXT_BY_STATUS = {
  INVALID_ARGUMENT: 'fix',
  UNAUTHENTICATED: 'sign-in',
  RESOURCE_EXHAUSTED: 'wait',
  UNAVAILABLE: 'retry',
};

function reasonsModule() {
  const unlike = Object.entries(reasons).filter(
    ([, { status, next }]) => status && (NEXT_BY_STATUS[status] ?? 'stop') !== next,
  );
  const row = ([key, next]) => `  ${key}: '${next}',\n`;
  return `${made('reasons.json')}/** Status or reason → what the app should do next. A reason without a row is like its status, and \`stop\` without either. */
export const NEXT: Readonly<Record<string, 'retry' | 'wait' | 'sign-in' | 'stop' | 'fix'>> = {
${[...Object.entries(NEXT_BY_STATUS), ...unlike.map(([reason, { next }]) => [reason, next])].map(row).join('')}};

/** The reasons of the contract, and two of this package: \`UNREACHABLE\` and \`UNEXPECTED_ANSWER\`. */
export type KnownReason =${Object.keys(reasons)
    .map((reason) => `\n  | '${reason}'`)
    .join('')};
`;
}

function closesModule() {
  const rows = closes.map(({ kind, codes = [], texts = [], when = '', next }) => {
    const fits = codes.length > 0 ? codes.map((code) => `^${code} ${when}`) : texts.length > 0 ? texts : ['.'];
    return `  ['${kind}', '${next}', /${fits.join('|')}/],\n`;
  });
  const kinds = closes.map(({ kind }) => `\n  | '${kind}'`).join('');
  return `${made('closes.json')}/** Kind, next, and what fits "code moment: reason in lower case". The first row that fits counts; meaning and cure are in the page. */
export const CLOSES: readonly (readonly [LiveCloseKind, LiveCloseNext, RegExp])[] = [
${rows.join('')}];

/** What a close was. */
export type LiveCloseKind =${kinds};

/**
 * What to do after a close: \`new-token\` and \`resume\` take another token, with the last handle if there is one;
 * \`new-conversation\` takes one without it; \`fix\` is for the app's developer, \`operator\` for whoever runs the function.
 */
export type LiveCloseNext = 'new-token' | 'resume' | 'new-conversation' | 'fix' | 'operator';
`;
}

function closesTable() {
  const rows = closes.map(({ kind, codes = [], texts = [], when, next, means, cure }) => {
    const code = codes.length > 0 ? codes.join(', ') : 'any';
    const moment = when === 'opening' ? ', before `setupComplete`' : when === 'open' ? ', after `setupComplete`' : '';
    const words = texts.length > 0 ? texts.map((text) => `\`${text}\``).join(' or ') : 'any';
    return `| \`${kind}\` | ${code}${moment} | ${words} | ${means} | ${cure} | \`${next}\` |\n`;
  });
  return `| kind | code | reason has | meaning | cure | \`next\` |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`;
}

function reasonsTable() {
  const nexts = [...new Set(Object.values(reasons).map(({ next }) => next))];
  const rows = nexts.map((next) => {
    const names = Object.keys(reasons).filter((reason) => reasons[reason].next === next);
    return `| \`${next}\` | ${names.map((name) => `\`${name}\``).join(', ')} |\n`;
  });
  return `| \`next\` | reasons |\n| --- | --- |\n${rows.join('')}`;
}

function sizesTable() {
  const rows = sizes.map(({ entry, limit }) => `| \`${entry}\` | ${limit} KB |\n`);
  return `| entry | limit |\n| --- | --- |\n${rows.join('')}`;
}

function withTable(page, marker, table) {
  const start = page.indexOf(`<!-- ${marker} -->\n`);
  if (start < 0) throw new Error(`docs/client.md has no table ${marker}`);
  const from = start + `<!-- ${marker} -->\n`.length;
  const end = page.indexOf('\n\n', from) + 1;
  return page.slice(0, from) + table + page.slice(end);
}

let page = read('docs/client.md');
page = withTable(page, 'closes', closesTable());
page = withTable(page, 'next', reasonsTable());
page = withTable(page, 'sizes', sizesTable());
const files = {
  'client/src/reasons.ts': reasonsModule(),
  'client/src/closes.ts': closesModule(),
  'docs/client.md': page,
};
const stale = Object.keys(files).filter((path) => {
  try {
    return read(path) !== files[path];
  } catch {
    return true;
  }
});
if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(`Not made from client/tables: ${stale.join(', ')}. Run \`npm run tables\` in client/.`);
    process.exitCode = 1;
  }
} else {
  for (const path of stale) {
    writeFileSync(fileURLToPath(new URL(path, root)), files[path]);
    console.log(`wrote ${path}`);
  }
}
