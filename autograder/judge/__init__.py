"""The trusted side: it runs the test cells and forwards their calls to the student's process."""
