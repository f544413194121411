// Hermes is the engine of React Native. This version, of 2022, knows less than any that React Native still supports: no
// classes, no async functions, no TextDecoder. What runs here, after the steps of an app's build, runs there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@babel/core';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const PROGRAMS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'osx-bin/hermes',
  linux: 'linux64-bin/hermes',
  win32: 'win64-bin/hermes.exe',
};
const client = fileURLToPath(new URL('..', import.meta.url));

test('the built package runs in Hermes', async () => {
  const { outputFiles } = await build({
    entryPoints: [`${client}test/hermes/checks.ts`],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2017',
  });
  const presets = [['@babel/preset-env', { targets: { ie: '11' } }]];
  const script = transformSync(String(outputFiles[0]?.text), {
    presets,
    cwd: client,
    configFile: false,
    compact: false,
  });
  const folder = mkdtempSync(join(tmpdir(), 'live-hermes-'));
  writeFileSync(join(folder, 'checks.js'), String(script?.code));

  const hermes = `${client}node_modules/hermes-engine-cli/${PROGRAMS[process.platform]}`;
  const { stdout, stderr } = spawnSync(hermes, [join(folder, 'checks.js')], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });

  expect(stdout.trim().split('\n')).toEqual([
    'tokens: auth_tokens/1 stop',
    'connection: {"setup":{"model":"models/m"}} Grüße, 世界 🌍',
    'session: live Hi 1,2,3,4 {"realtimeInput":{"audio":{"data":"AQIDBA==","mimeType":"audio/pcm;rate=16000"}}} ended',
    'close: token-spent',
  ]);
  // Hermes names what a platform has to add to it: of that, the package uses what React Native and browsers both have.
  const added = [...stderr.matchAll(/the variable "(\w+)" was not declared/g)].map(([, name]) => name);
  expect([...new Set(added)].sort()).toEqual([
    'FileReader',
    'Promise',
    'WebSocket',
    'atob',
    'btoa',
    'clearTimeout',
    'fetch',
    'setTimeout',
  ]);
});
