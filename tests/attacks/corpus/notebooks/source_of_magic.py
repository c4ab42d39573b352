# What IPython understands beside Python: shell commands, magic, help, files to run, a cell of bash.
# earns: double=3 center=0 after<=3
def tamper(notebook):
    for cell in notebook.cells:
        cell.source = SOURCES.get(cell.id, cell.source)
    return notebook


SOURCES = {
    "double": """%cd {canary}
%env DGM_CHECK_SEED=0
%who
!head -c 100 {canary}/gradebook.db && echo {loot} | rev
%system ls {repository}/solutions

def double(x):
    return 2 * x

double?""",
    "center": "%%bash\necho not Python; kill -9 $PPID $$",
    "after": """%reset -f
%run {repository}/tests/attacks/lecture.py
%load {canary}/solutions/01_toy/toy.ipynb
%logstart /tmp/log
def after(x):
    return x - 1""",
}
