// An app with the Firebase SDKs: takes the given steps one by one and prints what came of each.
import { initializeApp } from '@firebase/app';
import {
  EmailAuthProvider,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
  linkWithCredential,
  signInAnonymously,
  signInWithEmailAndPassword,
  signOut,
} from '@firebase/auth';
import { getFunctions, httpsCallableFromURL } from '@firebase/functions';
import { run } from './run.mjs';

await run(async ({ projectId, authUrl, functionUrl, steps }) => {
  const app = initializeApp({ projectId, apiKey: 'any' });
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, authUrl, { disableWarnings: true });
  const mint = httpsCallableFromURL(getFunctions(app), functionUrl);

  const take = {
    async signUp({ email, password, tenantId }) {
      auth.tenantId = tenantId ?? null;
      return described(await createUserWithEmailAndPassword(auth, email, password));
    },
    async signUpAnonymously() {
      return described(await signInAnonymously(auth));
    },
    async link({ email, password }) {
      return described(await linkWithCredential(auth.currentUser, EmailAuthProvider.credential(email, password)));
    },
    async signIn({ email, password }) {
      return described(await signInWithEmailAndPassword(auth, email, password));
    },
    async signOut() {
      await signOut(auth);
      return {};
    },
    // What an operator does in the Firebase console, over the emulator's admin API.
    async disable() {
      return administer('update', { disableUser: true });
    },
    async delete() {
      return administer('delete', {});
    },
    async revoke() {
      // Sign-ins of the same second would survive: the limit is set to the second after this one.
      const { claims } = await auth.currentUser.getIdTokenResult();
      return administer('update', { validSince: String(Number(claims.iat) + 1) });
    },
    async waitForTheNextSecond() {
      const { claims } = await auth.currentUser.getIdTokenResult();
      while (Date.now() < (Number(claims.iat) + 1) * 1000) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return {};
    },
    async call({ given }) {
      try {
        return { result: (await mint(...given)).data };
      } catch (error) {
        return { error: told(error) };
      }
    },
    // What comes in pieces, how the pieces end, and what `data` comes to: an app may wait for either.
    async stream({ given }) {
      const { stream, data } = await mint.stream(...given);
      const settled = data.then((result) => ({ result }), (error) => ({ error: told(error) }));
      const chunks = [];
      let ended = 'done';
      try {
        for await (const chunk of stream) chunks.push(chunk);
      } catch (error) {
        ended = told(error);
      }
      return { chunks, ended, ...(await settled) };
    },
  };

  async function administer(what, body) {
    const response = await fetch(`${authUrl}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:${what}`, {
      method: 'POST',
      headers: { Authorization: 'Bearer owner', 'Content-Type': 'application/json' },
      body: JSON.stringify({ localId: auth.currentUser.uid, ...body }),
    });
    if (!response.ok) throw new Error(`accounts:${what} answered ${response.status}: ${await response.text()}`);
    return {};
  }

  const outcomes = [];
  for (const { step, ...details } of steps) outcomes.push(await take[step](details));
  return outcomes;
});

function told({ name, code, message, details }) {
  return { name, code, message, details };
}

async function described({ user }) {
  const { uid, isAnonymous, refreshToken } = user;
  return { uid, isAnonymous, refreshToken, idToken: await user.getIdToken() };
}
