"""Texts of results and reports, in English and Chinese."""
