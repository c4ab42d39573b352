"""What a lecture's notebook is: where it lies, its exercises and test cells, and how they must be built."""
