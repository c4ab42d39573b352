"""Tests of the checks: right and wrong answers run as in a notebook, and wrong answers made by program."""
