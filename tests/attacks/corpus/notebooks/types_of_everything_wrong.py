# Every entry of a cell of a type that it cannot have.
# earns: before<=3 double<=3 center<=3 second_moment<=5 energy<=3 Affine<=3 after<=3
import json


def tamper(notebook):
    content = json.loads(json.dumps(notebook))
    wrong = [None, 5, "text", ["list"], {"a": 1}, [[]], True, 1e300]
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells[2:]):
        name = ["source", "metadata", "outputs", "id", "cell_type", "execution_count"][number % 6]
        cell[name] = wrong[number % len(wrong)]
    for cell, odd in zip(cells, wrong, strict=False):
        role = cell["metadata"].get("nbgrader") if isinstance(cell["metadata"], dict) else None
        if isinstance(role, dict):
            role["points"] = role["grade"] = role["schema_version"] = role["checksum"] = odd
    content["cells"] += wrong
    content["metadata"] = [content["metadata"]]
    return json.dumps(content).encode()
