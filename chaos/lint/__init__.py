"""Static checks of an architecture, before anything is run: `chaos.lint.rules` has a file for each."""
