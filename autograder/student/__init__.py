"""The code inside the sandbox: it contains no tests, expected values or solutions."""
