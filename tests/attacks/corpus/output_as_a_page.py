# Output, code and names with markup, scripts, escapes, other writing directions and control characters.
# earns: double=3 center=0
# %% double
from IPython.display import HTML, Javascript, display

print("<script>alert('{marker}')</script><img src=x onerror=alert(1)>\x1b[31m\x00\x07\u202e</pre></html>")
display(HTML("<script>alert('{marker}')</script><iframe src='http://192.0.2.1/'>"))
display(Javascript("alert('{marker}')"))
display(
    {"text/html": "<script>alert('{marker}')</script>", "image/svg+xml": "<svg onload='alert(1)'>"}, raw=True
)
display(
    {"image/png": "\"><script>alert('{marker}')</script>", "text/latex": "\\input{/etc/passwd}"}, raw=True
)


def double(x):
    print("<script>alert('{marker}')</script>")
    return 2 * x


# %% center
def center(x):
    raise type("<script>alert('{marker}')</script>", (Exception,), {})("<script>alert('{marker}')</script>")
