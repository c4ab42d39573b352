"""Sources whose checksums are those of tiny files, and an empty cache.

dgm_helpers is not imported here at the top: its annotations are checked only if pytest's import hook comes first.
"""

import dataclasses
import hashlib

import pytest
from tiny_files import TEST, TRAIN, published


@pytest.fixture
def tiny(monkeypatch):
    """Checksums, and sizes, of the tiny files instead of the real ones'."""
    from dgm_helpers.data import downloads
    from dgm_helpers.data.factors import Factors

    for key, source in downloads.SOURCES.items():
        files = tuple(
            dataclasses.replace(file, md5=file.md5 and hashlib.md5(content).hexdigest())
            for file, content in zip(source.files, published(key), strict=True)
        )
        monkeypatch.setitem(downloads.SOURCES, key, dataclasses.replace(source, files=files))
    monkeypatch.setattr(downloads, "OMNIGLOT_SPLIT", (TRAIN, TEST))
    small = Factors(downloads.DSPRITES_FACTORS.names, (3, 2, 2, 2, 1))
    monkeypatch.setattr(downloads, "DSPRITES_FACTORS", small)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty folder instead of the user's cache."""
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache")
    return tmp_path / "cache"
