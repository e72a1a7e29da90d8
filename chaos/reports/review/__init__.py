"""The page and the document of a review."""
