"""From the outbox to the server, and what becomes of it there."""
