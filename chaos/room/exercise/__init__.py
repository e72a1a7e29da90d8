"""A drill as it goes on: what people do goes in, what each of them may see comes out. No clock, no network, no threads."""
