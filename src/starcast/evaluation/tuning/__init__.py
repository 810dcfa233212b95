"""The page of a search for better settings: what was tried, what it gave, and what mattered."""
