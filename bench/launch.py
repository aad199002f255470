"""Run a command, its output thrown away, and print what it took: exit code, wall and CPU seconds, memory in bytes.

A process of its own, as Linux counts what the parent held into the memory of a new process: so the parent has to be
small.
"""

import os
import sys
import time

started = time.perf_counter()
with open(os.devnull, "r+b") as sink:  # noqa: PTH123
    files = [(os.POSIX_SPAWN_DUP2, sink.fileno(), number) for number in (0, 1, 2)]
    pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=files)
    _, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - started
unit = 1 if sys.platform == "darwin" else 1024
print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)
