# Outputs of a run in which everything was right, with scores and execution counts, and forged checksums.
# wrong: double
from nbformat.v4 import new_output


def tamper(notebook):
    for cell in notebook.cells:
        role = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code":
            cell.execution_count = 1
            score = new_output("execute_result", {"text/plain": "1000"}, execution_count=1)
            cell.outputs = [score, new_output("stream", name="stdout", text="✓ all right")]
        if role:
            role |= {
                "checksum": "0" * 32,
                "cell_type": "code",
                "score": 1000,
                "max_score": 1,
                "extra_credit": 5,
            }
    return notebook
