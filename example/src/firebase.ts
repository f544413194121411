// Firebase's JavaScript SDK: iOS, Android and web, without native code and without App Check on a phone.
import { initializeApp } from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  initializeAuth,
  inMemoryPersistence,
  onAuthStateChanged,
  signInAnonymously,
  signInWithEmailAndPassword,
  signOut,
} from 'firebase/auth';
import { getFunctions, httpsCallableFromURL } from 'firebase/functions';
import { createLiveTokens } from 'gemini-live-tokens';
import type { Firebase } from './app-firebase';
import { settings } from './settings';

const app = initializeApp(settings.firebase);
// To stay signed in, give the persistence of your platform here.
const auth = initializeAuth(app, { persistence: inMemoryPersistence });
if (settings.authEmulatorUrl) connectAuthEmulator(auth, settings.authEmulatorUrl, { disableWarnings: true });

export const firebase: Firebase = {
  signIn: (email, password) => signInWithEmailAndPassword(auth, email, password),
  signUp: (email, password) => createUserWithEmailAndPassword(auth, email, password),
  signInAnonymously: () => signInAnonymously(auth),
  signOut: () => signOut(auth),
  onSignedIn: (listener) => onAuthStateChanged(auth, (user) => listener(user !== null)),
  tokens: createLiveTokens(httpsCallableFromURL(getFunctions(app), settings.mintUrl), {
    ...(settings.profile && { profile: settings.profile }),
    refreshIdToken: async () => auth.currentUser?.getIdToken(true),
  }),
};
