"""Origins on 127.0.0.1 for tests: servers that speak a source's protocol, record every request and fail by script."""

from tests.origin.hub import Hub
from tests.origin.server import Origin, Request, Response

__all__ = ["Hub", "Origin", "Request", "Response"]
