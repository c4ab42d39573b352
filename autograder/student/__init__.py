"""What runs inside the sandbox: it holds no test, no expected value and no solution."""
