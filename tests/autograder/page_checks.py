"""What holds of every page and every table, whatever text stands in it."""

import base64
import hashlib

from bs4 import BeautifulSoup
from hypothesis import strategies as st

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)  # surrogates and control characters too


def words_of(page):
    """What a reader reads, with single spaces."""
    return " ".join(BeautifulSoup(page, "html.parser").body.get_text(" ").split())


def require_harmless(page):
    """No script, no handler, nothing loaded, and a policy that would forbid them all the same."""
    page.encode("utf-8")
    soup = BeautifulSoup(page, "html.parser")
    names = {tag.name for tag in soup.find_all(True)}
    assert not names & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "link",
        "base",
        "video",
    }
    assert len(soup.find_all("style")) == len(soup.find_all("body")) == 1
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            assert not name.startswith("on")
            assert name not in ("src", "style", "action", "background", "srcset", "data")
            if name in ("href", "xlink:href"):
                assert value.startswith("#")
    digest = base64.b64encode(hashlib.sha256(soup.style.string.encode()).digest()).decode()
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    assert allowed.pop("style-src") == f"'sha256-{digest}'"
    assert set(allowed) == {"default-src", "base-uri", "form-action"}
    assert set(allowed.values()) == {"'none'"}
    assert "url(" not in soup.style.string
    assert "@import" not in soup.style.string


def require_visible(text):
    """Nothing is left that hides, reorders or controls anything."""
    assert not {c for c in text if c not in "\n\t" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0)}
    assert not {"\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800"} & set(text)
