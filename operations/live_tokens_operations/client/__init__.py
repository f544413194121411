"""What an app does, without any SDK: calls `mint_live_token` over HTTP, and talks to Gemini over a bare WebSocket."""
