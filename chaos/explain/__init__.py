"""Which guesses a verdict hinges on: elementary effects of all of them, and where the verdict flips with the largest."""
