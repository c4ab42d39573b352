"""One submission: reading it, grading it, and the record of its grade."""
