# JSON that is nested a million deep.
# failure
def tamper(notebook):
    return (
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": '
        + b"[" * 900_000
        + b"]" * 900_000
        + b"}"
    )
