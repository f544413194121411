"""ID tokens as the Firebase Auth emulator makes them: with claims, and without a signature."""

import base64
import json

from function.made_up import PROJECT

SIGNED_IN_AT = 1_795_000_000
CLAIMS = {
    "iss": f"https://securetoken.google.com/{PROJECT}",
    "aud": PROJECT,
    "sub": "user-1",
    "iat": SIGNED_IN_AT,
    "exp": SIGNED_IN_AT + 3600,
    "firebase": {"sign_in_provider": "google.com", "identities": {}},
}


def segment(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(**changed: object) -> str:
    """Return a token as the Auth emulator makes them."""
    return f"{segment({'alg': 'none', 'typ': 'JWT'})}.{segment(CLAIMS | changed)}."
