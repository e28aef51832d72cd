"""A DHCP server as a process: kead or Kea, of either family, with files of its own, asked through its control socket.

Law: who uses it need not know which of the two it is; what differs between them (spelling of keywords, places
of files) is settled here.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.sandbox import Namespace, Sandbox, end

ROOT = Path(__file__).resolve().parent.parent
KEAD = "kead"
KEA = "kea"
# Not kept in a file: Kea 2.2 would put that into the machine's own directory.
SERVER_ID = {"type": "EN", "enterprise-id": 2495, "identifier": "ABCDEF0123", "persist": False}


def program(flavour: str, family: int = 4) -> str:
    """Where the server's program lies: kead of this checkout, or Debian's Kea."""
    name = f"{flavour}-dhcp{family}"
    if flavour == KEAD:
        return str(Path(sys.executable).parent / name)
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    if found is None:
        raise FileNotFoundError(f"{name} is not installed (Debian package {name}-server)")
    return found


class ServerError(RuntimeError):
    """The server did not start, or ended on its own; with the end of its output."""


class Server:
    """One server and its directory (run/, lib/, log/, its configuration, its console)."""

    def __init__(
        self,
        sandbox: Sandbox,
        namespace: Namespace,
        directory: Path,
        flavour: str = KEAD,
        prefix: Sequence[str] = (),
        family: int = 4,
    ) -> None:
        self.sandbox = sandbox
        self.family = family
        self.name = f"kea-dhcp{family}"  # as the logger and the files of both are called
        self.namespace = namespace
        self.directory = directory
        self.flavour = flavour
        self.prefix = list(prefix)
        self.extra: dict[str, str] = {}  # more environment variables
        self.process: subprocess.Popen[str] | None = None
        for name in ("run", "lib", "log"):
            (directory / name).mkdir(parents=True, exist_ok=True, mode=0o750)
        self.config_file = directory / f"{self.name}.conf"
        self.lease_file = directory / "lib" / f"leases{family}.csv"
        self.log_file = directory / "log" / f"{self.name}.log"
        self.socket_file = directory / "run" / "control"
        self.console = directory / "console"

    def configure(self, body: dict[str, Any], *, severity: str = "INFO") -> None:
        """Write the configuration: `body` with lease file, control socket and logger filled in."""
        output = {"output": str(self.log_file), "flush": True}
        new = self.flavour == KEAD
        control = {"socket-type": "unix", "socket-name": str(self.socket_file)}
        logger = {
            "name": self.name,
            "severity": severity,
            "output-options" if new else "output_options": [output],
        }
        memfile = {"type": "memfile", "persist": True, "lfc-interval": 0, "name": str(self.lease_file)}
        whole: dict[str, Any] = {
            "lease-database": memfile,
            "loggers": [logger],
            **({"control-sockets": [control]} if new else {"control-socket": control}),
            "multi-threading": {"enable-multi-threading": False},
            # Kea 2.2 writes a lease at every renewal; newer ones, and kead, answer early renewals from the old one
            **({"cache-threshold": 0.0} if new else {}),
            **({"server-id": SERVER_ID} if self.family == 6 else {}),
            **body,
        }
        whole["lease-database"] = {**memfile, **body.get("lease-database", {})}
        self.config_file.write_text(json.dumps({f"Dhcp{self.family}": whole}, indent=1))

    def environment(self) -> dict[str, str]:
        """The variables that keep all its files in its own directory."""
        run, lib, log = (str(self.directory / name) for name in ("run", "lib", "log"))
        return {
            "KEA_PIDFILE_DIR": run,
            "KEA_LOCKFILE_DIR": run,
            "KEA_CONTROL_SOCKET_DIR": run,
            "KEA_DHCP_DATA_DIR": lib,
            "KEA_LOG_FILE_DIR": log,
            **self.extra,
        }

    def launch(self) -> None:
        """Start the process without waiting for anything."""
        command = [*self.prefix, program(self.flavour, self.family), "-c", str(self.config_file)]
        self.process = self.sandbox.start(self.namespace, command, self.console, self.environment())

    def start(self, patience: float = 30.0) -> None:
        """Start it and wait until its sockets are open."""
        self.launch()
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not self.running:
                raise ServerError(f"{self.flavour} ended with {self.pid_status()}:\n{self.tail()}")
            if self.ready():
                return
            time.sleep(0.02)
        raise ServerError(f"{self.flavour} did not start within {patience} seconds:\n{self.tail()}")

    def ready(self) -> bool:
        """Whether it serves: the control socket answers after the configuration is in force and sockets are open."""
        try:
            return bool(self.ask("status-get")["result"] == 0)
        except (OSError, ValueError):
            return False

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        if self.process is None:
            raise ServerError("not started")
        return self.process.pid

    def pid_status(self) -> str:
        return f"exit status {self.process.returncode}" if self.process else "nothing"

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process is not None
        return end(self.process)

    def kill(self) -> None:
        """SIGKILL, at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ask(self, command: str, arguments: dict[str, Any] | None = None, timeout: float = 10.0) -> dict[str, Any]:
        """Run a control command; returns the answer as it came ("result", "text", "arguments").

        OSError: nobody listens. ValueError: the answer is no JSON map.
        """
        request: dict[str, Any] = {"command": command}
        if arguments is not None:
            request["arguments"] = arguments
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(timeout)
            channel.connect(str(self.socket_file))
            channel.sendall(json.dumps(request).encode())
            channel.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: channel.recv(65536), b""))
        decoded = json.loads(answer)
        if not isinstance(decoded, dict):
            raise ValueError(f"not a map: {answer!r}")
        return decoded

    def statistic(self, name: str) -> int:
        """The newest value of a statistic."""
        samples = self.ask("statistic-get", {"name": name})["arguments"]
        return int(samples[name][0][0])

    def log(self) -> str:
        """All it has logged, into its log file and onto the console."""
        parts = [path.read_text(errors="replace") for path in (self.console, self.log_file) if path.exists()]
        return "".join(parts)

    def tail(self) -> str:
        return "\n".join(self.log().splitlines()[-20:])
