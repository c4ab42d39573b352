"""nbgrader: its conversions, its gradebook, and this course's additions to both."""
