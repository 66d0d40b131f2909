# SPDX-License-Identifier: Apache-2.0
"""The portal's static files under ``/ovirt-engine/``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

PREFIX = "/ovirt-engine"
_HASHED = re.compile(r"[-.][A-Za-z0-9_]{8,}\.[a-z0-9]+(\.map)?$")
"""A file name that carries a hash of its content, as esbuild writes it (``app-QX7P2ZK4.js``)."""
_FOREVER = "public, max-age=31536000, immutable"
_ASK = "no-cache"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def routes(folder: Path) -> list[Route]:
    """Everything not claimed by another route; put them last."""
    portal = Portal(folder)
    return [
        Route("/", _to_portal),
        Route(PREFIX, _to_portal),
        Route(f"{PREFIX}/{{path:path}}", portal.serve),
    ]


async def _to_portal(_request: Request) -> Response:
    return RedirectResponse(f"{PREFIX}/", 302)


class Portal:
    """Serves one folder. Paths below ``/ovirt-engine/portal/`` that are no file are pages of the portal's own router
    and get ``index.html``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._etags: dict[tuple[Path, int, int], str] = {}

    async def serve(self, request: Request) -> Response:
        """A file, or the page."""
        path = str(request.path_params["path"])
        inside_portal = path == "portal" or path.startswith("portal/")
        file = self._find(path.removeprefix("portal").lstrip("/") if inside_portal else path)
        if file is None and inside_portal and not Path(path).suffix:
            file = self._find("")
        if file is None:
            return PlainTextResponse("There is nothing here.\n", 404)
        return self._answer(request, file)

    def _find(self, path: str) -> Path | None:
        """The file of a path inside the folder, links followed but never out of it."""
        if "\0" in path:
            return None
        root = self._folder.resolve()
        file = (root / (path or "index.html")).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None

    def _answer(self, request: Request, file: Path) -> Response:
        headers = {
            "Cache-Control": _FOREVER if _HASHED.search(file.name) else _ASK,
            "ETag": self._etag(file),
            "Vary": "Accept-Encoding",
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        media = _TYPES.get(file.suffix, "application/octet-stream")
        packed = file.with_name(file.name + ".gz")
        if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
            headers["Content-Encoding"] = "gzip"
            file = packed
        return FileResponse(file, headers=headers, media_type=media)

    def _etag(self, file: Path) -> str:
        stat = file.stat()
        key = (file, stat.st_mtime_ns, stat.st_size)
        if key not in self._etags:
            self._etags[key] = f'"{hashlib.sha256(file.read_bytes()).hexdigest()[:32]}"'
        return self._etags[key]
