// An app with App Check: calls the function some times, each with a limited-use token from its provider.
import { initializeApp } from '@firebase/app';
import { CustomProvider, initializeAppCheck } from '@firebase/app-check';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
} from '@firebase/auth';
import { getFunctions, httpsCallableFromURL } from '@firebase/functions';
import { run } from './run.mjs';

await run(async ({ projectId, appId, authUrl, functionUrl, email, password, appCheckTokens }) => {
  const app = initializeApp({ projectId, appId, apiKey: 'any' });
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, authUrl, { disableWarnings: true });
  const { user } = await createUserWithEmailAndPassword(auth, email, password);

  // Hands out what it was given, one by one. A real one would ask for a new token each time.
  const tokens = appCheckTokens.values();
  const provider = new CustomProvider({
    getToken: async () => ({ token: tokens.next().value, expireTimeMillis: Date.now() + 3_600_000 }),
  });
  initializeAppCheck(app, { provider, isTokenAutoRefreshEnabled: false });

  const mint = httpsCallableFromURL(getFunctions(app), functionUrl, { limitedUseAppCheckTokens: true });
  const outcomes = [];
  for (const _ of appCheckTokens) {
    try {
      outcomes.push({ result: (await mint()).data });
    } catch (error) {
      outcomes.push({ error: { name: error.name, code: error.code, details: error.details } });
    }
  }
  return { idToken: await user.getIdToken(), outcomes };
});
