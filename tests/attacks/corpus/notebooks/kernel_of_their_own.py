# A kernel that is another language, another command, a file; and settings for nbconvert and nbgrader.
# wrong: double
def tamper(notebook):
    notebook.metadata = {
        "kernelspec": {
            "name": "../../{canary}/kernel",
            "language": "bash",
            "display_name": "x",
            "argv": ["sh"],
        },
        "language_info": {"name": "javascript", "file_extension": ".js", "version": 5},
        "nbgrader": {"points": 1000, "ExecutePreprocessor": {"enabled": False}},
        "celltoolbar": "Create Assignment",
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": "<script>alert(1)</script>"}},
        "title": "<script>alert('{marker}')</script>",
        "authors": [{"name": "\u202e{{ config }}"}],
    }
    return notebook
