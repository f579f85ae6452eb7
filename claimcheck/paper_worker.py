"""The process that checks papers one after the other: `python -m claimcheck.paper_worker`, driven by `pipeline`.

A request on stdin is the settings and a source, the answer on stdout one line: {"ledger": ...} or {"error": ...}. It
ends when its stdin does.
"""

from __future__ import annotations

import json
import os
import sys

from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.process import error_to_json, unforeseen, unpack_header, unpack_source
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import check_source


def main() -> int:
    """Answer requests until there are no more."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not spoil an answer
    while (header := unpack_header(sys.stdin.buffer)) is not None:
        source = unpack_source(header, sys.stdin.buffer)
        try:
            ledger = check_source(source, Settings.model_validate(header["settings"]))
            reply = b'{"ledger":' + ledger.model_dump_json().encode() + b"}"
        except ClaimcheckError as error:
            reply = json.dumps({"error": error_to_json(error)}).encode()
        except Exception as error:
            reply = json.dumps({"error": error_to_json(unforeseen(error, source.paper.id))}).encode()
        answer.write(reply + b"\n")
        answer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
