"""Programs that take a seat: a small client, and bots made with it."""
