// What all tests share: one local stack (the function, the Auth emulator, the stand-ins for Gemini and Secret Manager, the
// page of `make web`), and one Chromium.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { launchChromium } from './chromium.js';

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
    /** Where Chromium listens, or nothing: it is not installed. */
    chromium: string | undefined;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = launchChromium();
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
  const stop = async () => {
    stack.stdin.end();
    const closed = chromium.then(
      (browser) => browser?.close(),
      () => {},
    );
    await Promise.all([ended, closed]);
  };
  try {
    const [addresses, browser] = await Promise.all([started, chromium]);
    project.provide('stack', addresses);
    project.provide('chromium', browser?.address);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
