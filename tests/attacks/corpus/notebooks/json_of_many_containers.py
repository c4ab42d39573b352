# Eight million empty lists: 24 MB of text, and many times that in memory.
# failure
def tamper(notebook):
    return (
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"x": ['
        + b"[]," * 6_000_000
        + b'[]]}, "cells": []}'
    )
