"""The rules of lint, a file each."""
