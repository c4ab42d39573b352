"""A lecture's notebook: its files, its exercises and test cells, and the rules for their structure."""
