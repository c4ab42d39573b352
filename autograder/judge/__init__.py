"""The trusted side: runs the test cells, and asks the student's process for what they call."""
