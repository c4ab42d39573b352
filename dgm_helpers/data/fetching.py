"""Fetching a data set's files: from a folder, or downloaded into the user's cache; verified each time."""

import hashlib
import os
from pathlib import Path

from dgm_helpers.data import formats
from dgm_helpers.data.sources import SOURCES, File

_SET_DGM_DATA = "set DGM_DATA to a folder that contains the files"
_UNSET_DGM_DATA = "unset DGM_DATA to download the data set"


def fetch(name: str) -> list[Path]:
    """Return the paths of a data set's verified files, in the order of its source.

    Missing files are downloaded into the user's cache. The environment variable ``DGM_DATA`` names a folder to look for
    them in instead (also in its subfolder ``name``), or another address to download them from.

    Raises:
        ConnectionError: if a file is missing, cannot be downloaded, or does not have the published checksum.
    """
    source = SOURCES[name]
    place = os.environ.get("DGM_DATA") or source.address
    if "://" in place:
        return [_download(name, place.rstrip("/"), file) for file in source.files]
    return [_look_up(name, Path(place).expanduser(), file) for file in source.files]


def verify(path: Path, file: File) -> None:
    """Check that a file has the published checksum; for a gzipped file, check its decompressed contents.

    Raises:
        ValueError: if the checksum differs, or if the file cannot be read.
    """
    if file.md5 is None:
        return
    try:
        with formats.open_contents(path) if file.gzipped else path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "md5").hexdigest()
    except formats.GZIP_ERRORS as error:
        what = "one that ends too early" if isinstance(error, EOFError) else f"a damaged one ({error})"
        raise ValueError(f"{path} must be a complete gzip file, got {what}") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or type(error).__name__})") from error
    if digest != file.md5:
        what = "decompressed contents" if file.gzipped else "contents"
        raise ValueError(f"{path} must have {what} with md5 {file.md5}, got {digest}")


def refuse(name: str, path: Path, error: ValueError) -> ConnectionError:
    """Return the error for a file whose contents are wrong, and delete the file if it is in the cache.

    The next call then downloads it again.
    """
    import pooch

    if path.parent == Path(pooch.os_cache("dgm_helpers")):
        path.unlink(missing_ok=True)
        return unavailable(name, str(error), f"try again to download it, {_SET_DGM_DATA}")
    remedy = f"replace it with a copy from {SOURCES[name].address}, {_UNSET_DGM_DATA}"
    return unavailable(name, str(error), remedy)


def unavailable(name: str, problem: str, remedy: str) -> ConnectionError:
    """Return the error that states the problem, the remedy and a replacement in one sentence."""
    source = SOURCES[name]
    return ConnectionError(
        f'{source.title} cannot be loaded: {problem}; {remedy}, or use load("{source.instead}"), which needs no '
        "download"
    )


def _look_up(name: str, folder: Path, file: File) -> Path:
    """Return the first correct file in a folder that has one of the names of ``file``."""
    folders = (folder, folder / name)
    paths = [path for place in folders for known in file.names if (path := place / known).is_file()]
    if not paths:
        expected = file.name if len(file.names) == 1 else f"one of {', '.join(file.names)}"
        problem = f"DGM_DATA must name a folder that contains {expected}, found none in {folders[0]} or {folders[1]}"
        raise unavailable(name, problem, _UNSET_DGM_DATA)
    wrong = []
    for path in paths:
        try:
            verify(path, file)
            return path
        except ValueError as error:
            wrong.append((path, error))
    raise refuse(name, *wrong[0]) from wrong[0][1]


def _download(name: str, address: str, file: File) -> Path:
    """Return the path of a file in the cache, and download it unless a correct copy already exists."""
    import pooch
    import requests

    cache = Path(pooch.os_cache("dgm_helpers"))
    path = cache / file.name
    try:
        if path.is_file() and not _is_right(path, file):
            path.unlink(missing_ok=True)
        # pooch writes to a temporary file, and moves it only when the download is complete.
        store = pooch.create(cache, f"{address}/", registry={file.name: None})
        store.fetch(file.name, progressbar=True)
    except (requests.RequestException, OSError, ValueError) as error:
        problem = f"{file.name} could not be downloaded from {address} ({_reason(error)})"
        raise unavailable(name, problem, _SET_DGM_DATA) from error
    try:
        verify(path, file)
    except ValueError as error:
        raise refuse(name, path, error) from error
    return path


def _is_right(path: Path, file: File) -> bool:
    try:
        verify(path, file)
    except ValueError:
        return False
    return True


def _reason(error: Exception) -> str:
    """Return why a download failed, in a few words; requests' own messages are long and add nothing."""
    import pooch
    import requests

    if not isinstance(error, requests.RequestException) and isinstance(error, OSError):
        why = error.strerror or type(error).__name__
        return f"the cache {pooch.os_cache('dgm_helpers')} cannot be written, {why}"
    status = getattr(getattr(error, "response", None), "status_code", "")
    return f"{type(error).__name__} {status}".rstrip()
