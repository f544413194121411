// From EXPO_PUBLIC_… at the build. The query of the page counts on this machine only: elsewhere, a link could send the ID
// tokens of your users to another server.
const { location } = globalThis as { location?: { hostname: string; search: string } };
const isHere = location?.hostname === '127.0.0.1' || location?.hostname === 'localhost';
const query = new URLSearchParams(isHere ? location.search : '');

const key = query.get('key') ?? process.env.EXPO_PUBLIC_FIREBASE_API_KEY;

/** Without settings, the app talks to the local stack. */
export const settings = {
  mintUrl: query.get('mint') ?? process.env.EXPO_PUBLIC_MINT_URL ?? 'http://127.0.0.1:8080',
  /** Of the function; its default if absent. */
  profile: query.get('profile') ?? process.env.EXPO_PUBLIC_PROFILE,
  firebase: {
    apiKey: key ?? 'any',
    projectId: query.get('project') ?? process.env.EXPO_PUBLIC_FIREBASE_PROJECT_ID ?? 'demo-live-tokens',
  },
  authEmulatorUrl: key
    ? undefined
    : (query.get('auth') ?? process.env.EXPO_PUBLIC_AUTH_EMULATOR_URL ?? 'http://127.0.0.1:9099'),
};
