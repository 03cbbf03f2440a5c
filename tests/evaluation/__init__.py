"""The evaluation: changes with seeded bugs, and how many of them a review finds."""
