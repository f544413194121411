"""The smoke test of a deployed URL: it takes a token, holds a session, and checks what must be refused."""
