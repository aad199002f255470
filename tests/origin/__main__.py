"""Serve a Hub with made-up datasets until interrupted: `python -m tests.origin --records 100000`."""

from __future__ import annotations

import argparse
import threading

from tests.origin.hub import Hub
from tests.origin.records import records


def main() -> None:
    """Print the endpoint for HF_ENDPOINT on stdout, then serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000, help="how many datasets to list")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    options = parser.parse_args()
    with Hub(options.port) as hub:
        hub.load(records(options.records, options.seed))
        print(hub.endpoint, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
