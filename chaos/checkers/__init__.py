"""Properties of the system: findings about the architecture, read from the journal of a finished run. A file each."""
