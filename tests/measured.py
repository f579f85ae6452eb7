"""`measured.py FILE COMMAND...`: run a command, write its exit code and the peak memory of it and its children.

On Linux a process starts with its parent's peak as its own, and pytest's own can be gigabytes: this parent is small.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    code = subprocess.call(sys.argv[2:])
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak_mb = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    Path(sys.argv[1]).write_text(json.dumps({"code": code, "peak_mb": peak_mb}), encoding="utf-8")
