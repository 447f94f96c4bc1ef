"""A folder of recorded answers instead of the network, and how such a folder is written.

`index.json` maps addresses to files: `{"<url>": {"file": "…", "status": 200, "headers": {…}}}`,
file names relative to the folder. Exactly these are served.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.source import Http, Payload
from data.schema import Failure

INDEX = "index.json"


class NotRecorded(Failure):
    """The folder has no answer for an address that a collector asked for."""

    def __init__(self, url: str) -> None:
        super().__init__("gone", f"{url}: not in this folder")


class PartNotRecorded(Failure):
    """The folder knows the address, but not the part of its answer that a source reads."""

    def __init__(self, what: str) -> None:
        super().__init__("gone", f"{what}: not in this folder")


class Replay(Http):
    """Serves a payload folder. `asked` counts the requests that the folder knows."""

    partial = True

    def __init__(self, folder: Path, now: datetime) -> None:
        self.now = now
        self.asked = 0
        self._folder = folder
        self._index = _index(folder)

    def has(self, url: str) -> bool:
        return url in self._index

    def lacking(self, what: str) -> Failure:
        return PartNotRecorded(what)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        if url not in self._index:
            raise NotRecorded(url)
        self.asked += 1
        entry = self._index[url]
        try:
            status = int(entry.get("status", 200))
            found = {str(k).lower(): str(v) for k, v in entry.get("headers", {}).items()}
            body = (self._folder / entry["file"]).read_bytes()
            if found.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Failure(
                "bad_content", f"{self._folder / INDEX}: the entry of {url} is incomplete ({error})"
            ) from None
        except (OSError, EOFError, zlib.error) as error:
            raise Failure("bad_content", f"{self._folder}: cannot read the file of {url} ({error})") from None
        if status != 200:
            raise Failure(_outcome(status), f"{url}: answered HTTP {status}")
        return Payload(url=url, status=status, headers=found, body=body)


class NoNetwork(Http):
    """For sources kept by hand: an instant, and nobody to ask."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        raise Failure("refused", f"{url}: a source kept by hand asks nobody")


class Recorder(Http):
    """Passes requests on and keeps what came back, to be written as a payload folder."""

    def __init__(self, http: Http) -> None:
        self.now = http.now
        self.payloads: dict[str, Payload] = {}
        self._http = http

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Payload:
        self.payloads[url] = self._http.get(url, headers=headers)
        return self.payloads[url]

    def write(self, folder: Path, rows: int | None = None) -> list[str]:
        """Write bodies and index below `folder`; what was kept of each answer, in a line.

        With `rows` a CSV file or a JSON list is cut after so many; nothing else is, and nothing in silence.
        """
        folder.mkdir(parents=True, exist_ok=True)
        index: dict[str, Any] = {}
        told = []
        for number, (url, payload) in enumerate(self.payloads.items(), 1):
            name = f"{number:03}-{url.rstrip('/').rsplit('/', 1)[-1].split('?')[0][:60] or 'index'}"
            body, said = (payload.body, "whole") if rows is None else _trimmed(payload.body, rows)
            (folder / name).write_bytes(body)
            told.append(f"{folder / name}: {said}, {len(body):,} bytes of {len(payload.body):,}")
            kept = {k: v for k, v in payload.headers.items() if k.lower() in ("content-type", "last-modified", "etag")}
            index[url] = {"file": name, "status": payload.status, "headers": kept}
        (folder / INDEX).write_text(json.dumps(index, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return told


def _trimmed(body: bytes, rows: int) -> tuple[bytes, str]:
    """The first rows of a JSON list or a CSV file as they were written, and what was done."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body, "whole, since it is no text"
    try:
        document = json.loads(text)
    except ValueError:
        return _first_records(text, rows, body)
    if not isinstance(document, list):
        return body, "whole, since it is no list"
    return json.dumps(document[:rows], indent=1).encode(), f"{min(rows, len(document))} of {len(document)} entries"


def _first_records(text: str, rows: int, body: bytes) -> tuple[bytes, str]:
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines)
    ends, widths = [], set()
    try:
        for record in reader:
            ends.append(reader.line_num)
            widths.add(len(record))
    except csv.Error:
        return body, "whole, since it is no table"
    if len(widths) != 1 or max(widths) < 2 or len(ends) <= rows + 1:
        return body, "whole"
    return "".join(lines[: ends[rows]]).encode(), f"{rows} of {len(ends) - 1} rows"


def _index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure("bad_content", f"{folder} is not a payload folder: no readable {INDEX} ({error})") from None
    if not isinstance(index, dict) or not all(isinstance(entry, dict) for entry in index.values()):
        raise Failure("bad_content", f"{folder / INDEX}: not a mapping from address to file, status and headers")
    return index


def _outcome(status: int) -> Any:
    if status in (404, 410):
        return "gone"
    return "rate_limited" if status == 429 else "server_error" if status >= 500 else "client_error"
