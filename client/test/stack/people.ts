// Signs users of the Auth emulator in, and gives each of the ways in which an app calls the function.
import { initializeApp as initializeApp13 } from '@firebase/app';
import * as auth13 from '@firebase/auth';
import * as functions13 from '@firebase/functions';
import { initializeApp as initializeApp12 } from 'firebase/app';
import * as auth12 from 'firebase/auth';
import * as functions12 from 'firebase/functions';
import { inject } from 'vitest';
import { WebSocket } from 'ws';
import { createLiveTokens, type LiveSocket, type LiveTokens, type LiveTokensOptions } from '../../src/index.js';

const { authHost, functionUrl } = inject('stack');
const CONFIG = { apiKey: 'any', projectId: 'demo-live-tokens' };
let apps = 0;

export const createSocket = (url: string): LiveSocket => new WebSocket(url) as unknown as LiveSocket;

/** Signs a new user up, and returns how to get its ID token. */
export async function newUser(): Promise<(forceRefresh: boolean) => Promise<string>> {
  const account = await identityToolkit('v1/accounts:signUp', {
    email: `${crypto.randomUUID()}@example.com`,
    password: crypto.randomUUID(),
    returnSecureToken: true,
  });
  return async (forceRefresh) => {
    if (!forceRefresh) return account.idToken as string;
    const fresh = await post(`http://${authHost}/securetoken.googleapis.com/v1/token?key=any`, {
      grant_type: 'refresh_token',
      refresh_token: account.refreshToken,
    });
    return fresh.id_token as string;
  };
}

function identityToolkit(path: string, body: object): Promise<Record<string, unknown>> {
  return post(`http://${authHost}/identitytoolkit.googleapis.com/${path}?key=any`, body);
}

async function post(url: string, body: object): Promise<Record<string, unknown>> {
  const headers = { 'Content-Type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

/** Tokens of a new user, who calls with fetch. */
export async function newTokens(options: LiveTokensOptions = {}, url = functionUrl): Promise<LiveTokens> {
  return createLiveTokens({ url, getIdToken: await newUser() }, options);
}

async function withFirebase13(options: LiveTokensOptions, url: string, signedIn: boolean): Promise<LiveTokens> {
  const app = initializeApp13(CONFIG, `app-${++apps}`);
  const auth = auth13.initializeAuth(app, { persistence: auth13.inMemoryPersistence });
  auth13.connectAuthEmulator(auth, `http://${authHost}`, { disableWarnings: true });
  if (signedIn) await auth13.createUserWithEmailAndPassword(auth, `${crypto.randomUUID()}@example.com`, 'password');
  return createLiveTokens(functions13.httpsCallableFromURL(functions13.getFunctions(app), url), options);
}

async function withFirebase12(options: LiveTokensOptions, url: string, signedIn: boolean): Promise<LiveTokens> {
  const app = initializeApp12(CONFIG, `app-${++apps}`);
  const auth = auth12.initializeAuth(app, { persistence: auth12.inMemoryPersistence });
  auth12.connectAuthEmulator(auth, `http://${authHost}`, { disableWarnings: true });
  if (signedIn) await auth12.createUserWithEmailAndPassword(auth, `${crypto.randomUUID()}@example.com`, 'password');
  return createLiveTokens(functions12.httpsCallableFromURL(functions12.getFunctions(app), url), options);
}

async function withFetch(options: LiveTokensOptions, url: string, signedIn: boolean): Promise<LiveTokens> {
  return signedIn ? newTokens(options, url) : createLiveTokens({ url, getIdToken: async () => null }, options);
}

/** The ways in which an app can call the function. */
export const WAYS = [
  ['fetch', withFetch],
  ['Firebase 12', withFirebase12],
  ['Firebase 13', withFirebase13],
] as const;
