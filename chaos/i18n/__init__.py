"""What reports say, in English and Chinese."""
