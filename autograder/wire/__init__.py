"""The protocol between the judge and a student's process: plain data in frames, never pickle, never code."""
