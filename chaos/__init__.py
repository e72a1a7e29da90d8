"""What is done to the simulated core, and the verdict on how it took it."""
