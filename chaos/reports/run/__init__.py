"""Reports of one run: its page, its text for a terminal, its customers, its trace."""
