// What the README leaves to the app: the configuration of Firebase, a signed-in user, and a place on the page.
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, createUserWithEmailAndPassword, getAuth } from 'firebase/auth';
import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const query = new URLSearchParams(location.search);
export const MINT_URL = String(query.get('mint'));
export const app = initializeApp({ apiKey: 'any', projectId: 'demo-live-tokens' });

export async function show(component: () => React.ReactNode): Promise<void> {
  const auth = getAuth(app);
  connectAuthEmulator(auth, String(query.get('auth')), { disableWarnings: true });
  await createUserWithEmailAndPassword(auth, `${crypto.randomUUID()}@example.com`, 'password');
  createRoot(document.getElementById('root') as HTMLElement).render(
    createElement(StrictMode, null, createElement(component)),
  );
}
