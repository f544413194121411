// The scorecard of Live clients, conformance/: the built package meets every case.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const python = process.env.PYTHON ?? `${root}.venv/bin/python`;
const scorecard = ['-m', 'scorecard', '--here', '--client', 'gemini-live-tokens', '--parallel', '30'];

test('it survives everything that the scorecard does to Live clients', { timeout: 180_000 }, async () => {
  const env = { ...process.env, PYTHONPATH: `${root}conformance:${root}local/stand_ins/gemini` };
  const { stdout } = await promisify(execFile)(python, scorecard, { cwd: root, env });
  const verdicts = stdout.trim().split('\n');

  expect(verdicts.length).toBeGreaterThan(20);
  expect(verdicts.filter((line) => !line.includes(' · survived · '))).toEqual([]);
});
