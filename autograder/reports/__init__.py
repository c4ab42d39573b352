"""The results of grading: feedback pages, the instructor's report, and tables for other systems."""
