"""The drill room: people practise on the simulated core."""
