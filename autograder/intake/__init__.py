"""Collecting submissions: from an archive of a learning platform to `submitted/STUDENT/LECTURE`."""
