"""What everything rests on: units, errors, the base of all models of files."""
