// Signs in with Firebase's REST API, at the Auth emulator or at Google.
// Source: https://firebase.google.com/docs/reference/rest/auth

async function post(url, body) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => {
    throw Object.assign(new Error('No answer. Check your connection.'), { code: 'network' });
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(String(answer.error?.message ?? `HTTP ${response.status}`));
  return answer;
}

/** Where users sign in: `key` is the web API key of the Firebase project, `emulator` the URL of an Auth emulator. */
export function accounts({ key, emulator }) {
  const at = (host, path) => `${emulator ? `${emulator}/` : 'https://'}${host}/v1/${path}?key=${encodeURIComponent(key)}`;

  /** Signs in (`signInWithPassword`) or up (`signUp`). Returns the user's id, and how to get its ID token. */
  return async function signIn(how, email, password) {
    const body = { email, password, returnSecureToken: true };
    const { localId, ...account } = await post(at('identitytoolkit.googleapis.com', `accounts:${how}`), body);
    let { idToken, refreshToken } = account;
    let end = Date.now() + 1000 * Number(account.expiresIn);
    return {
      uid: localId,
      async getIdToken(force) {
        if (!force && Date.now() < end - 60_000) return idToken;
        const fresh = { grant_type: 'refresh_token', refresh_token: refreshToken };
        const answer = await post(at('securetoken.googleapis.com', 'token'), fresh);
        ({ id_token: idToken, refresh_token: refreshToken } = answer);
        end = Date.now() + 1000 * Number(answer.expires_in);
        return idToken;
      },
    };
  };
}
