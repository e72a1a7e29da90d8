"""What is put under test: what a target must have, the simulated core, and the targets of installed packages."""
