"""What comes out of grading: feedback pages, the instructor's report, tables for other systems."""
