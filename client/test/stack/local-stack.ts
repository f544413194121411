// One local stack for all tests: the function, the Auth emulator, and the stand-ins for Gemini and Secret Manager.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** What the tests need of the stack. */
export interface StackAddresses {
  functionUrl: string;
  authHost: string;
  geminiHost: string;
  switchesFile: string;
  /** The page of `make web`. */
  pageUrl: string;
  /** The web build of example/. */
  appUrl: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackAddresses;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const path = ['local', 'local/stand_ins/gemini', 'local/stand_ins/secret_manager', 'operations'];
  const python = process.env.PYTHON ?? `${root}.venv/bin/python`;
  const stack = spawn(python, [`${root}tests/client/stack_for_client.py`], {
    env: { ...process.env, PYTHONPATH: path.map((folder) => root + folder).join(':') },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => stack.once('exit', () => resolve()));
  const started = new Promise<StackAddresses>((resolve, reject) => {
    createInterface(stack.stdout).once('line', (line) => resolve(JSON.parse(line)));
    stack.once('error', reject);
    stack.once('exit', (code) => reject(new Error(`The local stack did not start (${code}).`)));
  });
  project.provide('stack', await started);
  return async () => {
    stack.stdin.end();
    await ended;
  };
}
