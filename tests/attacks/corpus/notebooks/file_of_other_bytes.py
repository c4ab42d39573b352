# Bytes that are no text.
# failure
def tamper(notebook):
    return bytes(range(256)) * 1000
