"""The smoke test of a deployed URL: a token is taken, a session is held, and what must be refused is refused."""
