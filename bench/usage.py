"""What a run cost: CPU and memory of a process tree, and what else used the machine meanwhile.

A process's CPU is taken from the scheduler (nanoseconds, all threads), with the ticks of /proc/PID/stat for
children that have ended. Steal and other processes' CPU say whether a figure may be believed.
"""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name: [state, parent …]; [] when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    parents = {int(name): stat for name in os.listdir("/proc") if name.isdigit() and (stat := _stat(int(name)))}
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += [child for child, stat in parents.items() if int(stat[1]) == pid]
    return found


def cpu(root: int) -> float:
    """Seconds of CPU, user and system, that the process tree has used so far."""
    total = 0.0
    for pid in tree(root):
        stat = _stat(pid)
        if not stat:
            continue
        total += (int(stat[13]) + int(stat[14])) / TICK  # children that have been waited for
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) / 1e9
        except OSError:
            total += (int(stat[11]) + int(stat[12])) / TICK
    return total


def memory(root: int, key: str = "VmRSS") -> float:
    """MiB resident in the process tree now (`VmHWM`: at most so far)."""
    kib = 0
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        kib += sum(int(line.split()[1]) for line in lines if line.startswith(key + ":"))
    return kib / 1024


def _machine() -> tuple[float, float]:
    """(busy, stolen) CPU seconds of all cores since the machine started."""
    user, nice, system, _idle, _wait, irq, softirq, steal = (
        int(word) / TICK for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return user + nice + system + irq + softirq, steal


def _ours() -> float:
    """CPU seconds of this process and the load generators it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@dataclass(frozen=True)
class Cost:
    """What the time between `Meter()` and `Meter.read()` cost. Percentages are of one core."""

    seconds: float
    cpu: float
    rss: float
    steal: float
    other: float

    def quiet(self, limit: float) -> bool:
        """Whether neither the hypervisor nor other processes took more than `limit` per cent."""
        return self.steal <= limit and self.other <= limit


class Meter:
    """Start it before the load, read it right after; the load generator must have been waited for by then."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ours = _ours()
        self._busy, self._steal = _machine()
        self._cpu = cpu(pid)
        self._begin = time.monotonic()

    def read(self) -> Cost:
        seconds = time.monotonic() - self._begin
        used = cpu(self._pid) - self._cpu
        busy, steal = _machine()
        other = busy - self._busy - used - (_ours() - self._ours)
        return Cost(
            seconds=seconds,
            cpu=used,
            rss=memory(self._pid),
            steal=100 * (steal - self._steal) / seconds,
            other=max(0.0, 100 * other / seconds),
        )
