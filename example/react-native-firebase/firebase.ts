// React Native Firebase: native sign-in that is kept, and App Check by Play Integrity and App Attest.
import { getApp } from '@react-native-firebase/app';
import { initializeAppCheck, ReactNativeFirebaseAppCheckProvider } from '@react-native-firebase/app-check';
import {
  createUserWithEmailAndPassword,
  getAuth,
  onAuthStateChanged,
  signInAnonymously,
  signInWithEmailAndPassword,
  signOut,
} from '@react-native-firebase/auth';
import { getFunctions, httpsCallableFromUrl } from '@react-native-firebase/functions';
import { createLiveTokens, type LiveTokensCallable } from 'gemini-live-tokens';
import type { Firebase } from '../src/app-firebase';
import { settings } from '../src/settings';

// The project is that of google-services.json and GoogleService-Info.plist.
const app = getApp();
const auth = getAuth(app);
const provider = new ReactNativeFirebaseAppCheckProvider();
provider.configure({
  android: { provider: __DEV__ ? 'debug' : 'playIntegrity' },
  apple: { provider: __DEV__ ? 'debug' : 'appAttestWithDeviceCheckFallback' },
});
const attested = initializeAppCheck(app, { provider, isTokenAutoRefreshEnabled: true });
// With APP_CHECK_CONSUME, the function takes each attestation once.
const callMint = httpsCallableFromUrl(getFunctions(app), settings.mintUrl, { limitedUseAppCheckTokens: true });

const mint: LiveTokensCallable = async (data) => {
  await attested;
  return callMint(data);
};

export const firebase: Firebase = {
  signIn: (email, password) => signInWithEmailAndPassword(auth, email, password),
  signUp: (email, password) => createUserWithEmailAndPassword(auth, email, password),
  signInAnonymously: () => signInAnonymously(auth),
  signOut: () => signOut(auth),
  onSignedIn: (listener) => onAuthStateChanged(auth, (user) => listener(user !== null)),
  tokens: createLiveTokens(mint, {
    ...(settings.profile && { profile: settings.profile }),
    refreshIdToken: async () => auth.currentUser?.getIdToken(true),
  }),
};
