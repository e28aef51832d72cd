"""Namespaces and cables to run DHCP servers and clients in: made with unique names, removed whole.

Law: everything made here belongs to one `Sandbox` and goes when that closes; processes are ended by their own
id, never by name.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
_numbers = itertools.count(1)


def run(*command: str | Path, check: bool = True, timeout: float = 60) -> str:
    """Run a command to its end and return what it printed; its own words are in the error if it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def end(process: subprocess.Popen[str], patience: float = 10.0) -> int:
    """End a process that we started: politely first. Returns its exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class Namespace:
    """One network namespace. `name` is unique on this machine."""

    def __init__(self, name: str) -> None:
        self.name = name
        # `ip netns exec` lays this over /etc/resolv.conf: no client may change the machine's own
        self._etc = Path("/etc/netns", name)
        self._etc.mkdir(parents=True)
        (self._etc / "resolv.conf").touch()
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")

    def command(self, *words: str | Path) -> list[str]:
        """These words as a command that runs in the namespace; it keeps the process id it is started with."""
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def ip(self, *words: str) -> str:
        """`ip WORDS` in the namespace."""
        return run("ip", "-n", self.name, *words)

    def addresses(self, interface: str) -> list[str]:
        """IPv4 addresses of the interface, as "192.0.2.1/24"."""
        lines = self.ip("-4", "-o", "address", "show", "dev", interface).splitlines()
        return [line.split()[3] for line in lines]

    def wait_for_link_local(self, interface: str, patience: float = 5.0) -> None:
        """Until the interface has a link-local address. TimeoutError: it gets none."""
        deadline = time.monotonic() + patience
        while "inet6" not in self.ip("-6", "-o", "address", "show", "dev", interface, "scope", "link", "-tentative"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{interface} has no link-local address after {patience} seconds")
            time.sleep(0.02)

    def inside(self, work: Callable[[], T]) -> T:
        """Call `work` in the namespace: a socket it makes stays there, whoever uses it later."""
        result: list[T] = []
        errors: list[BaseException] = []

        def enter() -> None:
            try:
                with open(f"/run/netns/{self.name}") as file:
                    if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), f"setns {self.name}")
                result.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                errors.append(error)

        thread = threading.Thread(target=enter)  # a namespace is a thread's own; this one ends with it
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return result[0]

    def kill_all(self) -> None:
        """Nothing that runs in the namespace does so any longer: daemons fork."""
        for number in run("ip", "netns", "pids", self.name, check=False).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)

    def remove(self) -> None:
        """The namespace, what still runs in it and the interfaces in it go."""
        self.kill_all()
        run("ip", "netns", "delete", self.name, check=False)
        shutil.rmtree(self._etc, ignore_errors=True)


class Sandbox:
    """A handful of namespaces and the processes started in them; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        self.tag = f"{os.getpid()}-{next(_numbers)}"
        self.namespaces: list[Namespace] = []
        self.processes: list[subprocess.Popen[str]] = []

    def namespace(self, role: str) -> Namespace:
        """A new one, for this role ("server", "client" …)."""
        made = Namespace(f"kead-{self.tag}-{role}{len(self.namespaces)}")
        self.namespaces.append(made)
        return made

    def interface(self, letter: str) -> str:
        """A name for an interface that no other sandbox uses (clients keep files named after it)."""
        return f"k{letter}{self.tag}"[:15]

    def cable(
        self, one: Namespace, one_interface: str, other: Namespace, other_interface: str, *, ipv6: bool = False
    ) -> None:
        """A veth pair between two namespaces, both ends up; with `ipv6`, each has its link-local address at once."""
        run(
            *("ip", "link", "add", one_interface, "netns", one.name, "type", "veth"),
            *("peer", "name", other_interface, "netns", other.name),
        )
        for namespace, interface in ((one, one_interface), (other, other_interface)):
            settings = ("accept_dad=0", "disable_ipv6=0") if ipv6 else ("disable_ipv6=1",)
            words = [f"net.ipv6.conf.{interface}.{setting}" for setting in settings]
            run(*namespace.command("sysctl", "-qw", *words), check=ipv6)
            namespace.ip("link", "set", interface, "up")
        if ipv6:
            for namespace, interface in ((one, one_interface), (other, other_interface)):
                namespace.wait_for_link_local(interface)

    def start(
        self,
        namespace: Namespace,
        command: Sequence[str | Path],
        output: Path,
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a command in a namespace, its standard output and error in a file, its working directory beside it."""
        with output.open("a") as stream:
            process = subprocess.Popen(
                namespace.command(*command),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=output.parent,
                env={**os.environ, **(environment or {})},
            )
        self.processes.append(process)
        return process

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            end(process, 5)
        for namespace in self.namespaces:
            namespace.remove()
