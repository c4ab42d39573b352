"""nbgrader: its conversions, its gradebook, and what this course puts into both."""
