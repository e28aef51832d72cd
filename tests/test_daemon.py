"""The life of a daemon as scripts and supervisors see it: real processes, Kea's texts and exit codes."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kead.command_line import CommandLine, UsageError, read_command_line
from kead.pid_file import AlreadyRunning, PidFile, PidFileError, pid_file_path

ROOT = Path(__file__).resolve().parent.parent


class Daemon:
    """The fake daemon's directory, and processes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "kea.log"
        self.socket = folder / "ctl"
        self.pid_file = folder / "kea-dhcp4.kea-dhcp4.pid"
        self.config = folder / "kea-dhcp4.conf"
        self.processes: list[subprocess.Popen[str]] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KEA_")},
            "KEA_PIDFILE_DIR": str(folder),
            "KEA_LOG_FILE_DIR": str(folder),
            "PYTHONPATH": str(ROOT),
        }
        self.configure()

    def configure(self, **tree: object) -> None:
        self.config.write_text(json.dumps({"Dhcp4": {"log": str(self.log), "socket": str(self.socket), **tree}}))

    def start(self, *arguments: str, name: str = "kead-fake4", umask: int = 0o022) -> subprocess.Popen[str]:
        program = self.folder / name
        program.write_text("import sys; from tests.fake_daemon import main; sys.exit(main(sys.argv))")
        process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            umask=umask,
            cwd=self.folder,
        )
        self.processes.append(process)
        return process

    def run(self, *arguments: str, name: str = "kead-fake4") -> tuple[int, str, str]:
        """Run to the end: status, stdout, stderr."""
        process = self.start(*arguments, name=name)
        out, err = process.communicate(timeout=20)
        return process.returncode, out, err

    def up(self, *arguments: str, name: str = "kead-fake4", umask: int = 0o022) -> subprocess.Popen[str]:
        """Start and wait until it serves."""
        process = self.start("-c", str(self.config), *arguments, name=name, umask=umask)
        self.wait_for("server version 9.8.7 started")
        return process

    def wait_for(self, text: str, times: int = 1) -> None:
        wait(lambda: self.log.exists() and self.log.read_text().count(text) >= times)

    def ids(self) -> list[str]:
        """The message ids in the log."""
        return [line.split("] ", 1)[1].split(" ")[0] for line in self.log.read_text().splitlines()]

    def ask(self, command: str, **arguments: object) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.sendall(json.dumps({"command": command, "arguments": arguments}).encode())
            answer = json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
        assert isinstance(answer, dict)
        return answer


def wait(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    for process in daemon.processes:
        if process.poll() is None:
            process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()


# The command line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-c", "a"], CommandLine("a")),
        (["-c", "a", "-d", "-X"], CommandLine("a", verbose=True, restricted=False)),
        (["-dXca"], CommandLine("a", verbose=True, restricted=False)),
        (["-c", "a", "-t", "b", "-c", "c"], CommandLine("c", check="t")),
        (["-T", "b"], CommandLine("b", check="T")),
        (["-p", "1067", "-P1068", "-c", "a"], CommandLine("a", server_port=1067, client_port=1068)),
        (["-v", "-Z"], CommandLine(show="v")),
        (["-c", "a", "-W"], CommandLine("a", show="W")),
        (["-V", "spare"], CommandLine(show="V")),
        (["-c", "-X"], CommandLine("-X")),
    ],
)
def test_good_calls(arguments: list[str], expected: CommandLine) -> None:
    assert read_command_line("kea-dhcp4", arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Configuration file not specified."),
        (["-d"], "Configuration file not specified."),
        (["-Z", "-v"], "kea-dhcp4: invalid option -- 'Z'"),
        (["-h"], "kea-dhcp4: invalid option -- 'h'"),
        (["--help"], "kea-dhcp4: invalid option -- '-'"),
        (["-c"], "kea-dhcp4: option requires an argument -- 'c'"),
        (["-c", "a", "spare"], ""),
        (["spare", "-c", "a"], ""),
        (["-c", "a", "--", "-d"], ""),
        (["-c", "a", "-"], ""),
        (["-p", "0", "-c", "a"], "Failed to parse server port number: [0], 1-65535 allowed."),
        (["-p", "abc"], "Failed to parse server port number: [abc], 1-65535 allowed."),
        (["-P", "70000"], "Failed to parse client port number: [70000], 1-65535 allowed."),
        (["-P", "²"], "Failed to parse client port number: [²], 1-65535 allowed."),
    ],
)
def test_bad_calls(arguments: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_command_line("kea-dhcp4", arguments)
    assert caught.value.text == text


def test_a_bad_call_shows_the_usage_on_stderr_alone(daemon: Daemon) -> None:
    status, out, err = daemon.run("-c", "x", "spare")
    assert (status, out) == (1, "")
    assert err.startswith("kead DHCPv4 server, version 9.8.7\n\nUsage: kead-fake4 -[v|V|W|X] [-d] [-{c|t|T} cfgfile]")
    status, out, err = daemon.run("-Z", name="kea-dhcp4")
    assert (status, out) == (1, "")
    assert err.startswith(f"{daemon.folder}/kea-dhcp4: invalid option -- 'Z'\nkead DHCPv4 server")
    assert "Usage: kea-dhcp4 -[" in err


def test_versions_win_over_everything(daemon: Daemon) -> None:
    assert daemon.run("-t", "/nowhere", "-v") == (0, "9.8.7\n", "")
    status, out, err = daemon.run("-V")
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == ["9.8.7 (9.8.7 (kead))", "premium: no", "linked with:"]
    assert all(line.startswith("- ") or line == "lease backends:" for line in out.splitlines()[3:])
    status, out, err = daemon.run("-W")
    assert "Version:            9.8.7" in out


# -t and -T


def test_a_good_configuration_is_silent_but_for_d(daemon: Daemon) -> None:
    assert daemon.run("-t", str(daemon.config)) == (0, "", "")
    assert daemon.run("-t", str(daemon.config), "-d") == (0, "", "Syntax check OK\n")
    assert not daemon.pid_file.exists()


def test_a_broken_rule_is_told_on_stderr_and_logged_on_stdout(daemon: Daemon) -> None:
    daemon.configure(fail="bad subnet")
    status, out, err = daemon.run("-t", str(daemon.config))
    assert (status, err) == (1, "Error encountered: bad subnet [at Dhcp4.subnet4[0]]\n")
    text = "DHCP4_PARSER_FAIL failed to create or run parser for configuration element subnet4: bad subnet"
    assert re.search(rf"ERROR \[kea-dhcp4\.dhcp4/\d+\.\d+\] {text}", out)


def test_broken_syntax_is_told_without_a_log_line(daemon: Daemon) -> None:
    daemon.config.write_text("{")
    failed = f"Syntax check failed with: {daemon.config}:1.1: syntax error\n"
    assert daemon.run("-t", str(daemon.config)) == (1, "", failed)
    assert daemon.run("-T", "/nowhere/x") == (1, "", "Syntax check failed with: Unable to open file /nowhere/x\n")


def test_the_extra_checks_are_those_of_capital_t(daemon: Daemon) -> None:
    daemon.config.write_text('{"Dhcp4": {"only-extra": true, "fail": "hooks"}}')
    assert daemon.run("-t", str(daemon.config))[0] == 0
    assert daemon.run("-T", str(daemon.config))[0] == 1


# Start, serve, stop


def test_a_whole_life(daemon: Daemon) -> None:
    process = daemon.up()
    assert daemon.pid_file.read_text() == f"{process.pid}\n"
    assert stat.S_IMODE(daemon.pid_file.stat().st_mode) == 0o640
    assert stat.S_IMODE(daemon.log.stat().st_mode) == 0o640
    assert Path(f"/proc/{process.pid}/comm").read_text() == "kead-fake4\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=8)
    assert process.returncode == 0
    assert err == ""
    assert [line.split("] ", 1)[1] for line in out.splitlines()] == [
        "DHCP4_STARTING Kea DHCPv4 server version 9.8.7 starting",
        "COMMAND_RECEIVED Received command 'config-set'",
    ]
    assert daemon.ids() == ["COMMAND_ACCEPTOR_START", "DHCP4_STARTED", "COMMAND_RECEIVED", "DHCP4_SHUTDOWN"]
    assert not daemon.pid_file.exists()
    assert not daemon.socket.exists()


def test_under_keas_name_it_is_called_so(daemon: Daemon) -> None:
    process = daemon.up(name="kea-dhcp4")
    assert Path(f"/proc/{process.pid}/comm").read_text() == "kea-dhcp4\n"


@pytest.mark.parametrize(("umask", "folder", "file"), [(0o022, 0o750, 0o640), (0, 0o750, 0o640), (0o077, 0o700, 0o600)])
def test_what_is_made_is_for_owner_and_group_at_most(daemon: Daemon, umask: int, folder: int, file: int) -> None:
    daemon.up(umask=umask)
    assert stat.S_IMODE((daemon.folder / "made").stat().st_mode) == folder
    assert stat.S_IMODE((daemon.folder / "made" / "file").stat().st_mode) == file


def test_a_tight_umask_stays(daemon: Daemon) -> None:
    daemon.up(umask=0o077)
    assert stat.S_IMODE(daemon.pid_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(daemon.log.stat().st_mode) == 0o600
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o770


def test_switches_reach_the_server(daemon: Daemon) -> None:
    daemon.up("-X", "-p", "1067", "-P", "1068")
    assert daemon.ask("launch") == {"result": 0, "arguments": [1067, 1068, False]}


def test_the_shutdown_command_is_answered_and_sets_the_exit_status(daemon: Daemon) -> None:
    process = daemon.up()
    assert daemon.ask("shutdown", **{"exit-value": 42}) == {"result": 0, "text": "Shutting down."}
    assert process.wait(8) == 42
    assert not daemon.socket.exists()


def test_interrupting_is_stopping(daemon: Daemon) -> None:
    process = daemon.up()
    process.send_signal(signal.SIGINT)
    assert process.wait(8) == 0


def test_stopping_twice_is_stopping_once(daemon: Daemon) -> None:
    process = daemon.up()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    assert process.wait(8) == 0
    assert daemon.ids().count("DHCP4_SHUTDOWN") == 1


def test_a_start_can_be_broken_off(daemon: Daemon) -> None:
    daemon.configure(slow=60)
    process = daemon.start("-c", str(daemon.config))
    wait(daemon.pid_file.exists)
    wait(daemon.log.exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(8) == 0
    assert not daemon.pid_file.exists()


def test_security_off_is_said(daemon: Daemon) -> None:
    process = daemon.up("-X")
    process.terminate()
    out, _ = process.communicate(timeout=8)
    assert "WARN  [kea-dhcp4.dhcp4/" in out
    assert "DHCP4_SECURITY_CHECKS_DISABLED Invoked with command line option -X, Security checks are disabled!!" in out


# Failing to start


def test_a_missing_file_fails_the_start_with_keas_lines(daemon: Daemon) -> None:
    status, out, err = daemon.run("-c", "/nowhere/x.conf")
    assert status == 1
    load_fail = "DHCP4_CONFIG_LOAD_FAIL configuration error using file: /nowhere/x.conf, reason: Unable to open file"
    assert f"] {load_fail} /nowhere/x.conf\n" in out
    why = "configuration error using file '/nowhere/x.conf': Unable to open file /nowhere/x.conf"
    assert re.search(rf"ERROR \[kea-dhcp4\.dhcp4/\S+\] DHCP4_INIT_FAIL failed to initialize Kea server: {why}\n", err)
    assert "PARSER_FAIL" not in out
    assert list(daemon.folder.glob("*.pid")) == []


def test_a_failure_is_told_on_the_console_and_in_the_log(daemon: Daemon) -> None:
    daemon.configure(fail="bad subnet")
    status, _, err = daemon.run("-c", str(daemon.config))
    assert status == 1
    assert "failed to initialize Kea server: configuration error using file" in err
    assert daemon.ids() == ["DHCP4_PARSER_FAIL", "DHCP4_CONFIG_LOAD_FAIL", "DHCP4_INIT_FAIL"]
    assert not daemon.pid_file.exists()


def test_a_control_socket_of_another_server_fails_the_start(daemon: Daemon) -> None:
    first = daemon.up()
    other = daemon.folder / "other.conf"
    other.write_text(daemon.config.read_text())
    status, _, err = daemon.run("-c", str(other))
    assert status == 1
    assert f"cannot lock socket lockfile, {daemon.socket}.lock, : Resource temporarily unavailable" in err
    assert daemon.ask("version-get")["text"] == "9.8.7"
    assert first.poll() is None


def test_a_second_start_with_the_same_file_is_refused(daemon: Daemon) -> None:
    first = daemon.up()
    status, out, err = daemon.run("-c", str(daemon.config))
    text = f"kea-dhcp4 already running? Daemon::createPIDFile: PID: {first.pid} exists, PID file: {daemon.pid_file}\n"
    assert (status, err) == (1, text)
    assert f"FATAL [kea-dhcp4.dhcp4/{daemon.processes[-1].pid}." in out
    assert f"DHCP4_ALREADY_RUNNING {text}" in out
    assert daemon.pid_file.read_text() == f"{first.pid}\n"


def test_no_place_for_the_pid_file(daemon: Daemon) -> None:
    daemon.environment["KEA_PIDFILE_DIR"] = "/nowhere"
    status, out, err = daemon.run("-c", str(daemon.config))
    why = "Unable to open PID file '/nowhere/kea-dhcp4.kea-dhcp4.pid' for write\n"
    assert (status, err) == (1, f"kea-dhcp4: Fatal error during start up: {why}")
    assert f"DHCP4_SERVER_FAILED server failed: {why}" in out


def test_a_server_that_breaks_ends_in_order(daemon: Daemon) -> None:
    daemon.configure(**{"break": "something broke"})
    status, _, err = daemon.run("-c", str(daemon.config))
    assert status == 1
    assert "something broke" in err
    assert "DHCP4_SERVER_FAILED" in daemon.ids()
    assert not daemon.pid_file.exists()
    assert not daemon.socket.exists()


def test_an_error_that_nobody_caught_is_logged_whole_and_survived(daemon: Daemon) -> None:
    daemon.up()
    daemon.ask("trip")
    daemon.wait_for("DHCP4_UNEXPECTED_ERROR")
    assert "ValueError: invalid literal for int()" in daemon.log.read_text()
    assert daemon.ask("version-get")["text"] == "9.8.7"


# Reloading


def test_sighup_reloads(daemon: Daemon) -> None:
    process = daemon.up()
    process.send_signal(signal.SIGHUP)
    daemon.wait_for("DHCP4_DYNAMIC_RECONFIGURATION_SUCCESS")
    assert daemon.ids()[2:] == [
        "COMMAND_RECEIVED",
        "DHCP4_DYNAMIC_RECONFIGURATION",
        "DHCP4_DYNAMIC_RECONFIGURATION_SUCCESS",
    ]
    assert "Received command 'config-reload'" in daemon.log.read_text()


def test_a_failed_reload_changes_nothing(daemon: Daemon) -> None:
    process = daemon.up()
    daemon.config.write_text("{")
    process.send_signal(signal.SIGHUP)
    daemon.wait_for("DHCP4_DYNAMIC_RECONFIGURATION_FAIL")
    assert daemon.ask("version-get")["text"] == "9.8.7"
    assert process.poll() is None


def test_reloads_asked_for_during_a_reload_are_made_up_for_once(daemon: Daemon) -> None:
    process = daemon.up()
    daemon.configure(slow=0.3)
    process.send_signal(signal.SIGHUP)
    daemon.wait_for("Received command 'config-reload'")
    for _ in range(5):
        process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    daemon.wait_for("DHCP4_DYNAMIC_RECONFIGURATION_SUCCESS", 2)
    process.terminate()
    assert process.wait(8) == 0
    assert daemon.ids().count("DHCP4_DYNAMIC_RECONFIGURATION_SUCCESS") == 2


def test_stopping_does_not_wait_for_a_reload(daemon: Daemon) -> None:
    process = daemon.up()
    daemon.configure(slow=60)
    process.send_signal(signal.SIGHUP)
    daemon.wait_for("Received command 'config-reload'")
    process.terminate()
    assert process.wait(8) == 0


# The service manager


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told(daemon: Daemon, abstract: bool) -> None:
    name = f"@kead-test-{os.getpid()}" if abstract else str(daemon.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(10)
        daemon.environment |= {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000"}
        process = daemon.up()
        assert manager.recv(100) == b"READY=1"
        assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        process.send_signal(signal.SIGHUP)
        told: list[bytes] = []
        while b"READY=1" not in told:
            told.append(manager.recv(100))
        reloading = next(text for text in told if text.startswith(b"RELOADING=1"))
        assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", reloading)
        process.terminate()
        assert process.wait(8) == 0
        told.clear()
        manager.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while True:
                told.append(manager.recv(100))
        assert told[-1] == b"STOPPING=1"


def test_a_service_manager_that_is_gone_stops_nobody(daemon: Daemon) -> None:
    daemon.environment |= {"NOTIFY_SOCKET": str(daemon.folder / "nobody"), "WATCHDOG_USEC": "20000"}
    process = daemon.up()
    process.terminate()
    assert process.wait(8) == 0


def test_a_watchdog_meant_for_another_process_is_left_alone(daemon: Daemon) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(daemon.folder / "notify"))
        manager.settimeout(0.3)
        daemon.environment |= {
            "NOTIFY_SOCKET": str(daemon.folder / "notify"),
            "WATCHDOG_USEC": "20000",
            "WATCHDOG_PID": "1",
        }
        daemon.up()
        assert manager.recv(100) == b"READY=1"
        with pytest.raises(TimeoutError):
            manager.recv(100)


# The PID file


def test_where_the_pid_file_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEA_PIDFILE_DIR", raising=False)
    assert pid_file_path("/etc/kea/kea-dhcp4.conf", "kea-dhcp4") == "/run/kea/kea-dhcp4.kea-dhcp4.pid"
    monkeypatch.setenv("KEA_PIDFILE_DIR", "/elsewhere")
    assert pid_file_path("a.b.json", "kea-dhcp4") == "/elsewhere/a.b.kea-dhcp4.pid"


def dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize("content", ["DEAD\n", "SELF\n", "", "\n", "junk", "-1\n", "9" * 30])
def test_a_stale_pid_file_is_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.pid"
    path.write_text(content.replace("DEAD", str(dead_process())).replace("SELF", str(os.getpid())))
    pid_file = PidFile(str(path))
    pid_file.create()
    assert path.read_text() == f"{os.getpid()}\n"
    pid_file.remove()
    assert not path.exists()


def test_any_live_process_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.pid"
    path.write_text("1")
    pid_file = PidFile(str(path))
    with pytest.raises(AlreadyRunning, match="PID: 1 exists"):
        pid_file.create()
    pid_file.remove()
    assert path.read_text() == "1"


def test_a_zombie_is_no_running_server(tmp_path: Path) -> None:
    """After kill -9 the server's parent may take its time to fetch the status."""
    killed = subprocess.Popen([sys.executable, "-c", "open('/proc/self/comm', 'w').write('a) S b'); input()"], stdin=-1)
    wait(lambda: Path(f"/proc/{killed.pid}/comm").read_text() == "a) S b\n")
    path = tmp_path / "x.pid"
    path.write_text(f"{killed.pid}\n")
    with pytest.raises(AlreadyRunning):
        PidFile(str(path)).create()
    killed.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    PidFile(str(path)).create()
    assert path.read_text() == f"{os.getpid()}\n"
    killed.communicate()


def test_a_pid_file_that_somebody_took_over_is_left(tmp_path: Path) -> None:
    pid_file = PidFile(str(tmp_path / "x.pid"))
    pid_file.create()
    (tmp_path / "x.pid").write_text("1\n")
    pid_file.remove()
    assert (tmp_path / "x.pid").exists()


def test_a_pid_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(PidFileError, match=r"Unable to open PID file '.*/no/x\.pid' for write"):
        PidFile(str(tmp_path / "no" / "x.pid")).create()
