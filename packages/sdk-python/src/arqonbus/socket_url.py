"""The address of the socket."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit


def socket_url(url: str, description: Mapping[str, str]) -> str:
    """``http`` and ``https`` mean the same as ``ws`` and ``wss``; what describes the client goes into the query."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    own = urlencode({name: value for name, value in description.items() if value})
    query = "&".join(part for part in (parts.query, own) if part)
    return urlunsplit((scheme, parts.netloc, parts.path or "/v1/socket", query, ""))
