"""Hostile and broken archives: nothing leaves its place, nobody else is harmed, each gets a reason."""

import os
import re
import stat
from contextlib import suppress

import pytest
from downloads import book, gatherer, note, outcomes, texts, zipped
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.coursedir import CourseDirectory

from autograder.intake import archives
from autograder.intake.archives import Archives
from autograder.intake.collect import collect
from autograder.intake.owners import student_id
from autograder.intake.submitted import CollectOutcome
from autograder.notebooks.course import CourseError

pytestmark = pytest.mark.security

LINK = stat.S_IFLNK | 0o777


@pytest.fixture
def gather(course, lecture, tmp_path):
    return gatherer(course, lecture, tmp_path / "downloads")


@pytest.fixture
def there(course):
    """What is submitted now."""
    return lambda: texts(course.root / "submitted")


BAD_NAMES = [
    "../evil/toy.ipynb",
    "ann/../../evil.ipynb",
    "/etc/evil.ipynb",
    "..\\..\\evil\\toy.ipynb",
    "C:\\evil\\toy.ipynb",
    "\\\\server\\evil.ipynb",
    "..",
    "x" * 2000 + "/toy.ipynb",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: name[:12])
@pytest.mark.parametrize("inner", [False, True], ids=["outer", "inner"])
def test_names_that_lead_out_of_the_archive_are_not_collected_and_harm_nobody(
    course, gather, there, name, inner
):
    before = {path for path in course.root.parent.rglob("*") if "submitted" not in path.parts}
    files = {name: book("evil")}
    files = {"eve.zip": zipped(files)} if inner else files
    collected = gather({**files, "bob/toy.ipynb": book("bob"), "cy/toy.ipynb": book("cy")})
    assert there() == {"bob/03_toy/toy.ipynb": "bob", "cy/03_toy/toy.ipynb": "cy"}
    assert len([one for one in collected if one.outcome is CollectOutcome.LEFT]) == 1
    assert "its name" in note(collected)
    after = {path for path in course.root.parent.rglob("*") if "submitted" not in path.parts}
    assert {path.name for path in after - before} <= {"downloads", "all.zip"}


def test_an_archive_made_on_windows_with_backslashes_is_read(gather, there):
    gather({"ann\\toy.ipynb": book("a"), "bob\\toy.ipynb": book("b")})
    assert sorted(there()) == ["ann/03_toy/toy.ipynb", "bob/03_toy/toy.ipynb"]


def test_links_in_archives_and_folders_are_not_followed(gather, there, tmp_path):
    files = {"ann/toy.ipynb": b"/etc/passwd", "bob/toy.ipynb": book("bob")}
    collected = gather(files, flags={"ann/toy.ipynb": LINK})
    assert outcomes(collected) == {"ann": "not collected", "bob": "collected"}
    assert "symbolic link" in note(collected)
    target = tmp_path / "downloads" / "all"
    (target / "dan").mkdir(parents=True)
    (target / "eve").symlink_to(tmp_path)
    (target / "dan" / "toy.ipynb").symlink_to(tmp_path / "solutions" / "03_toy" / "toy.ipynb")
    collected = gather({"fay/toy.ipynb": book("fay")}, folder=True)
    assert outcomes(collected)["dan"] == "not collected" and outcomes(collected)["fay"] == "collected"
    assert note(collected).count("symbolic link") == 2
    assert sorted(there()) == ["bob/03_toy/toy.ipynb", "fay/03_toy/toy.ipynb"]


def _encrypted(data):
    """Set the bit that says so, in both headers of the first entry."""
    data = bytearray(data)
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def _declaring_less(data):
    """Say that the first entry unpacks to one byte."""
    data = bytearray(data)
    data[22:26] = data[data.index(b"PK\1\2") + 24 :][:4] = (1).to_bytes(4, "little")
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(data)


def _nested(levels):
    data = book()
    for level in range(levels):
        data = zipped({"toy.ipynb" if not level else f"{level}.zip": data})
    return data


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (lambda: _encrypted(zipped({"toy.ipynb": book()})), "it is encrypted"),
        (lambda: zipped({"toy.ipynb": bytes(19_000_000)}), "packed so tightly"),
        (lambda: zipped({"toy.ipynb": bytes(21_000_000)}), "it is too large: 21 MB of at most 20 MB"),
        (lambda: zipped({"inner.zip": bytes(51_000_000)}), "no notebook of this lecture, only 'inner.zip'"),
        (lambda: _declaring_less(zipped({"toy.ipynb": book()})), "it is damaged in its archive"),
        (lambda: zipped({"toy.ipynb": book()})[:-40], "it is damaged or is not a zip archive"),
        (lambda: zipped({"toy.ipynb": book()}).replace(b"PK\3\4", b"PK\3\5"), "it is damaged in its archive"),
        (lambda: b"", "it is damaged or is not a zip archive"),
        (lambda: _nested(3), "no notebook of this lecture, only '2.zip'"),
        (lambda: zipped({f"{n}.txt": b"" for n in range(20_001)}), "it has more than 20000 entries"),
        (lambda: zipped({"toy.7z": b"7z"}), "it is an archive of another kind; hand in a zip archive"),
        (lambda: zipped({"report.pdf": b"%PDF"}), "no notebook of this lecture, only 'report.pdf'"),
        (lambda: zipped({}), "it is an archive without files"),
    ],
    ids=[
        "encrypted",
        "bomb",
        "large",
        "inner",
        "declares",
        "cut",
        "header",
        "empty",
        "nested",
        "many",
        "7z",
        "pdf",
        "none",
    ],
)
def test_a_students_bad_archive_is_a_reason_and_the_others_are_collected(gather, there, archive, said):
    collected = gather({"eve.zip": archive(), "bob/toy.ipynb": book("bob"), "cy/toy.ipynb": book("cy")})
    assert there() == {"bob/03_toy/toy.ipynb": "bob", "cy/03_toy/toy.ipynb": "cy"}
    assert [one.student for one in collected if one.outcome is CollectOutcome.LEFT] == ["eve"]
    assert said in note(collected)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"", "is damaged or is not a zip archive"),
        (lambda: b"PK\3\4 cut off", "is damaged or is not a zip archive"),
        (lambda: book(), "is damaged or is not a zip archive"),
        (lambda: zipped({}), "contains no notebook"),
        (lambda: zipped({"notes.txt": b""}), "contains no notebook"),
        (lambda: zipped({f"{n}/toy.ipynb": b"" for n in range(20_001)}), "more than 20000 entries"),
    ],
    ids=["empty", "cut", "notebook", "nothing", "other", "many"],
)
def test_what_holds_no_submissions_at_all_is_one_sentence(gather, content, said):
    with pytest.raises(CourseError, match=said) as raised:
        gather(content())
    assert "\n" not in str(raised.value)


def test_what_does_not_exist_or_is_a_pipe_is_one_sentence(course, lecture, tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        collect(course, tmp_path / "nowhere.zip", lecture)
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(CourseError, match="must be a folder or a zip archive"):
        collect(course, tmp_path / "pipe.zip", lecture)


def test_all_archives_together_are_bounded(gather, monkeypatch):
    monkeypatch.setattr(archives, "MAX_TOTAL", len(book()) + 10)
    collected = gather({"ann/toy.ipynb": book(), "bob/toy.ipynb": book()})
    assert outcomes(collected) == {"ann": "collected", "bob": "not collected"}
    monkeypatch.setattr(archives, "MAX_ENTRIES", 10)
    inner = zipped({f"{n}.txt": b"" for n in range(6)})
    with pytest.raises(CourseError, match="at most 10 files"):
        gather({"ann.zip": inner, "bob.zip": inner})


def test_a_notebook_that_cannot_be_read_is_collected_and_said(gather, there):
    collected = gather({"ann/toy.ipynb": b"", "bob/toy.ipynb": book("bob")})
    assert "toy.ipynb is not a notebook: it is empty" in note(collected)
    assert outcomes(collected)["ann"] == "collected"


def test_a_notebook_that_names_no_student_is_said(gather):
    collected = gather({"toy.ipynb": book(), "bob/toy.ipynb": book("bob")})
    assert outcomes(collected) == {"'toy.ipynb'": "not collected", "bob": "collected"}
    assert "does not identify a student" in note(collected)


def test_two_students_never_share_a_folder(gather, there):
    collected = gather(
        {"ann lee/toy.ipynb": book("1"), "ann_lee/toy.ipynb": book("2"), "bob/toy.ipynb": book("b")}
    )
    assert sorted(there()) == ["bob/03_toy/toy.ipynb"]
    assert note(collected).count("the same folder") == 2


def test_names_in_utf_8_that_do_not_say_so_are_read(gather, there):
    data = zipped({"Zoë/toy.ipynb": book("z"), "bob/toy.ipynb": book("b")})
    unsaid = bytearray(data)
    for header, offset in ((b"PK\3\4", 7), (b"PK\1\2", 9)):
        for found in re.finditer(re.escape(header), data):
            unsaid[found.start() + offset] &= ~0x08
    gather(bytes(unsaid))
    assert "Zoë/03_toy/toy.ipynb" in there()


def test_a_name_gives_the_same_folder_however_its_accents_are_stored():
    assert (
        student_id("Zoe\u0308 A\u030angstro\u0308m")
        == student_id("Zo\u00eb \u00c5ngstr\u00f6m")
        == "Zoë_Ångström"
    )


@given(
    st.text(max_size=200)
    | st.sampled_from(["..", "con", "COM1.txt", "a/../b", "*", "[a-z]", "~", "-rf", "\0"])
)
def test_a_students_folder_never_leaves_its_place_and_suits_nbgrader(name):
    made = student_id(name)
    assert len(made) <= 81 and made == student_id(made)
    assert not set(made) & set("/\\:*?[]{},'\"<>|\0\n ~$+") and not made.startswith((".", "-"))
    assert not made.endswith((".", " ")) and made.lower() not in ("con", "nul", "aux")
    if made:
        assert CourseDirectory(student_id=made).student_id == made


@given(st.binary(max_size=300), st.data())
def test_no_damage_to_an_archive_raises_anything_but_a_sentence(tmp_path_factory, noise, draws):
    data = bytearray(zipped({"ann.zip": zipped({"toy.ipynb": book()[:300]}), "bob/toy.ipynb": b"{}"}))
    for _ in range(draws.draw(st.integers(1, 8))):
        data[draws.draw(st.integers(0, len(data) - 1))] = draws.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "all.zip"
    path.write_bytes(draws.draw(st.sampled_from([bytes(data), bytes(data) + noise, noise])))
    with Archives() as opened:
        try:
            entries = opened.entries(path)
        except CourseError:
            return
        for entry in entries:
            with suppress(archives.Refused):
                assert isinstance(entry.read(), bytes)
