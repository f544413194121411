import type { LiveTokens } from 'gemini-live-tokens';

/** What the app needs of Firebase: `firebase.ts`, or `../react-native-firebase`. */
export interface Firebase {
  signIn(email: string, password: string): Promise<unknown>;
  signUp(email: string, password: string): Promise<unknown>;
  signInAnonymously(): Promise<unknown>;
  signOut(): Promise<void>;
  /** Calls the listener with whether somebody is signed in, now and after each change. */
  onSignedIn(listener: (isSignedIn: boolean) => void): () => void;
  tokens: LiveTokens;
}
