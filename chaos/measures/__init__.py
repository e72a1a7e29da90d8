"""What is measured of a run, and the statistics of several."""
