"""The process that draws pages: `python -m claimcheck.reading.picture_worker`, asked on stdin, one JSON line an answer.

The first request brings the PDF, each further one the number of a page. As the worker that reads, it gives up the
right to much memory and time, to write files and to start processes before it touches the paper's bytes.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any

from claimcheck.foundation.errors import ClaimcheckError, UnreadableInputError
from claimcheck.foundation.process import error_to_json, unpack_header, unpack_source
from claimcheck.reading.worker import claim_stdout, give_up_rights, out_of_memory


def main() -> int:
    """Answer requests until there are no more."""
    with os.fdopen(claim_stdout(), "wb") as answers:
        header = unpack_header(sys.stdin.buffer)
        if header is None:
            return 0
        # imports first: they may write bytecode, which the limits forbid
        from claimcheck.reading.pdf.pictures import draw_page, open_pdf

        memory_mb = header["memory_mb"]
        give_up_rights(memory_mb, header["seconds"])
        opened: list[Any] = []

        def opening() -> dict[str, Any]:
            [data] = unpack_source(header, sys.stdin.buffer).files.values()
            opened.append(open_pdf(data))
            return {"pages": len(opened[0])}

        def drawing(number: int) -> dict[str, Any]:
            drawn = draw_page(opened[0], number)
            return {"png": base64.b64encode(drawn.png).decode(), "width": drawn.width, "height": drawn.height}

        _answer(answers, memory_mb, opening)
        while opened and (request := unpack_header(sys.stdin.buffer)) is not None:
            _answer(answers, memory_mb, drawing, int(request["page"]))
    return 0


def _answer(stream: Any, memory_mb: int, work: Any, *arguments: Any) -> None:
    try:
        reply = work(*arguments)
    except ClaimcheckError as error:
        reply = {"error": error_to_json(error)}
    except MemoryError:
        reply = {"error": error_to_json(out_of_memory(memory_mb))}
    except Exception as error:
        told = UnreadableInputError(f"drawing it stopped with {type(error).__name__}: {error}"[:200])
        reply = {"error": error_to_json(told)}
    stream.write(json.dumps(reply).encode() + b"\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
