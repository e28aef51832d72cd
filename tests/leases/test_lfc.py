"""kead-lfc: Kea's command line, what it makes of files, and what is left when it is killed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kead.leases import csv6, lfc, record6
from kead.leases.csv4 import HEADER, format_removal, format_row
from kead.leases.lease4 import Lease4
from kead.leases.loading4 import load4
from kead.leases.loading6 import load6
from kead.leases.record4 import wake
from tests.leases import some_leases6
from tests.leases.some_leases import NET, NOW, lease

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def job(folder: Path) -> lfc.Job:
    base = folder / "leases.csv"
    return lfc.Job(
        Path(f"{base}.2"), Path(f"{base}.1"), Path(f"{base}.output"), Path(f"{base}.completed"), Path(f"{base}.pid"),
        Path("x"),
    )  # fmt: skip


def arguments(one: lfc.Job) -> list[str]:
    return [
        "-4", "-x", str(one.previous), "-i", str(one.copy), "-o", str(one.output), "-f", str(one.finish),
        "-p", str(one.pid), "-c", "ignored",
    ]  # fmt: skip


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kead.leases.lfc", *arguments],
        capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False,
    )  # fmt: skip


def write(path: Path, *rows: str) -> None:
    path.write_text(HEADER + "".join(rows))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def loaded(folder: Path) -> dict[int, Lease4]:
    found = load4(folder / "leases.csv")
    return {address: wake(address, record) for address, record in found.records.items()} | found.restless


def test_one_row_a_lease_in_address_order(tmp_path: Path) -> None:
    one = job(tmp_path)
    write(one.previous, format_row(lease(9)), format_row(lease(3)), format_row(lease(5)))
    write(
        one.copy,
        format_row(lease(5, hostname="renewed")),
        "nonsense\n",
        format_removal(lease(3)),
        format_row(lease(1, state=2, cltt=1000)),
        format_row(lease(2, state=1, hwaddr=b"", client_id=b"", cltt=1000)),
        format_row(lease(4, cltt=-(2**40))),
        "10.0.0.99,02:00",
    )
    assert lfc.run(one) == 0
    assert names(tmp_path) == ["leases.csv.2"]
    assert one.previous.read_text() == HEADER + "".join(
        map(
            format_row,
            [
                lease(1, state=2, cltt=1000),
                lease(2, state=1, hwaddr=b"", client_id=b"", cltt=1000),
                lease(4, cltt=-(2**40)),
                lease(5, hostname="renewed"),
                lease(9),
            ],
        )
    )


def test_leases_of_dhcpv6(tmp_path: Path) -> None:
    one = replace(job(tmp_path), universe=6)
    first, second, third = some_leases6.prefix(1), some_leases6.lease(2), some_leases6.lease(3, type=300)
    renewed = some_leases6.changed(second, hostname="Renewed", hwaddr=b"\2\3", htype=1, hwaddr_source=8)
    one.previous.write_text(csv6.HEADER + "".join(map(csv6.format_row, (first, second, some_leases6.lease(1)))))
    one.copy.write_text(
        csv6.HEADER
        + csv6.format_row(renewed)
        + "nonsense\n"
        + csv6.format_row(third)
        + csv6.format_removal(some_leases6.lease(1))
    )
    assert lfc.run(one) == 0
    assert names(tmp_path) == ["leases.csv.2"]
    assert one.previous.read_text() == csv6.HEADER + "".join(map(csv6.format_row, (renewed, third, first)))


def test_an_older_file_of_dhcpv6_is_converted(tmp_path: Path) -> None:
    one = replace(job(tmp_path), universe=6)
    one.copy.write_bytes(Path(__file__).with_name("data").joinpath("kea-2.2.0-v6.csv").read_bytes())
    assert lfc.run(one) == 0
    rows = one.previous.read_text().splitlines(keepends=True)
    assert rows[0] == csv6.HEADER
    assert len(rows) == 9
    assert all(row.endswith(",0\n") for row in rows[1:])


@pytest.mark.system
def test_kea_reads_what_we_write(tmp_path: Path) -> None:
    """Kea's own clean-up takes a file of ours and gives back the same leases, in its older schema."""
    kea = shutil.which("kea-lfc", path="/usr/sbin:/usr/bin")
    if kea is None:
        pytest.skip("needs Kea's kea-lfc")
    some = [
        some_leases6.lease(1, hostname="a,b&c", hwaddr=b"\2\3\4\5\6\7", htype=1, hwaddr_source=2),
        some_leases6.lease(2, state=1, duid=b"\0\0\0", preferred_lifetime=0),
        some_leases6.lease(3, valid_lifetime=0xFFFFFFFF, preferred_lifetime=0xFFFFFFFF),
        some_leases6.lease(4, state=4, iaid=0, user_context='{"a":[1,{"b":"c, d"}]}'),
        some_leases6.lease(5, state=2, duid=bytes(range(1, 129))),
        some_leases6.prefix(1, fqdn_fwd=True, fqdn_rev=True),
        some_leases6.prefix(2, prefix_length=48, iaid=0xFFFFFFFF),
    ]
    one = replace(job(tmp_path), universe=6)
    one.copy.write_text(csv6.HEADER + "".join(map(csv6.format_row, some)))
    ended = subprocess.run(
        [kea, "-6", *arguments(one)[1:], "-d"],
        env={**os.environ, "KEA_PIDFILE_DIR": str(tmp_path), "KEA_LOCKFILE_DIR": "none"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, "ROW_ERROR" in ended.stdout + ended.stderr) == (0, False)
    one.previous.rename(tmp_path / "leases.csv")
    found = load6(tmp_path / "leases.csv")
    assert [record6.wake(address, found.records[address]) for address in sorted(found.records)] == some


def test_missing_inputs_count_as_empty(tmp_path: Path) -> None:
    assert lfc.run(job(tmp_path)) == 0
    assert names(tmp_path) == ["leases.csv.2"]
    assert job(tmp_path).previous.read_text() == HEADER


def test_a_finished_file_becomes_the_previous_one_and_the_inputs_go(tmp_path: Path) -> None:
    one = job(tmp_path)
    write(one.previous, format_row(lease(1)))
    write(one.copy, format_row(lease(2)))
    write(one.output, format_row(lease(3)))
    write(one.finish, format_row(lease(4)))
    assert lfc.run(one) == 0
    assert one.previous.read_text() == HEADER + format_row(lease(4))
    assert names(tmp_path) == ["leases.csv.2", "leases.csv.output"]


@pytest.mark.parametrize("copy", ["address,mac\n", HEADER + "bad\n" * 101])
def test_a_bad_input_stays(tmp_path: Path, copy: str) -> None:
    one = job(tmp_path)
    write(one.previous, format_row(lease(1)))
    one.copy.write_text(copy)
    assert lfc.run(one) == 0
    assert names(tmp_path) == ["leases.csv.1", "leases.csv.2"]
    assert one.copy.read_text() == copy


def test_a_hundred_bad_rows_are_dropped(tmp_path: Path) -> None:
    one = job(tmp_path)
    one.copy.write_text(HEADER + "bad\n" * 100 + format_row(lease(1)))
    assert lfc.run(one) == 0
    assert one.previous.read_text() == HEADER + format_row(lease(1))


def test_older_files_are_converted(tmp_path: Path) -> None:
    one = job(tmp_path)
    one.copy.write_bytes(Path(__file__).with_name("data").joinpath("kea-2.2.0.csv").read_bytes())
    assert lfc.run(one) == 0
    assert one.previous.read_text() == (
        HEADER + '10.0.1.11,02:00:00:00:00:02,,4000,1795568444,1,0,0,,0,{ "note": "a&#x2c b" },0\n'
    )


def test_pid_files(tmp_path: Path) -> None:
    one = job(tmp_path)
    write(one.copy, format_row(lease(1)))
    one.pid.write_text(f"{os.getppid()}\n")
    assert lfc.run(one) == 0
    assert one.copy.exists(), "another one is at work"
    one.pid.write_text("nonsense")
    assert lfc.run(one) == 1
    assert one.copy.exists()
    one.pid.write_text("999999999\n")
    assert lfc.run(one) == 0
    assert names(tmp_path) == ["leases.csv.2"]


def scene(folder: Path) -> dict[int, Lease4]:
    """Files with a lease of each kind, and what a server has to find in them at any time."""
    one = job(folder)
    write(one.previous, format_row(lease(1)), format_row(lease(2)), format_row(lease(3)))
    write(one.copy, format_row(lease(2, hostname="copy")), format_removal(lease(3)), format_row(lease(4)))
    write(folder / "leases.csv", format_row(lease(4, hostname="current")), format_row(lease(5)))
    return {
        NET + 1: lease(1),
        NET + 2: lease(2, hostname="copy"),
        NET + 4: lease(4, hostname="current"),
        NET + 5: lease(5),
    }


def test_killed_after_any_step_nothing_is_lost_and_the_next_run_finishes(tmp_path: Path) -> None:
    everything = [
        "output begun",
        "output grown",
        "output written",
        "finished",
        "previous removed",
        "copy removed",
        "renamed",
    ]
    for survived in itertools.count():
        folder = tmp_path / str(survived)
        folder.mkdir()
        expected = scene(folder)
        done = list(itertools.islice(lfc.steps(job(folder)), survived))
        assert done == everything[:survived]
        assert loaded(folder) == expected, done
        assert lfc.run(job(folder)) == 0
        assert loaded(folder) == expected, done
        assert names(folder) == ["leases.csv", "leases.csv.2"]
        if done == everything:
            break


def test_killed_as_a_process_at_odd_moments_nothing_is_lost(tmp_path: Path) -> None:
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        one = job(folder)
        expected = {NET + n: lease(n) for n in range(1, 20_001)}
        write(one.previous, *(format_row(lease(n)) for n in range(1, 10_001)))
        write(one.copy, *(format_row(lease(n)) for n in range(5_001, 20_001)))
        process = subprocess.Popen([sys.executable, "-m", "kead.leases.lfc", *arguments(one)], env=ENVIRONMENT)
        while process.poll() is None:  # wait for the moment when the output has grown so far
            try:
                if one.output.stat().st_size > number * 300_000:
                    break
            except FileNotFoundError:
                if one.finish.exists():
                    break
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert loaded(folder) == expected
        assert lfc.run(job(folder)) == 0
        assert names(folder) == ["leases.csv.2"]
        assert loaded(folder) == expected


def test_a_full_disk_leaves_the_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = scene(tmp_path)
    one = job(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lfc.os, "fsync", full)
    assert lfc.run(one) == 0
    assert names(tmp_path) == ["leases.csv", "leases.csv.1", "leases.csv.2"]
    assert loaded(tmp_path) == expected


BAD_CALLS = [
    ([], "DHCP version required"),
    (["-4"], "PID file not specified"),
    (["-4", "-p", "e"], "Previous file not specified"),
    (["-4", "-p", "e", "-x", "a"], "Copy file not specified"),
    (["-4", "-p", "e", "-x", "a", "-i", "b"], "Output file not specified"),
    (["-4", "-p", "e", "-x", "a", "-i", "b", "-o", "c"], "Finish file not specified"),
    (["-4", "-p", "e", "-x", "a", "-i", "b", "-o", "c", "-f", "d"], "Config file not specified"),
    (["-Z"], "Unknown argument"),
    (["-4", "-x"], "Missing option argument"),
    (["-4", "-p", "e", "-x", "a", "-i", "b", "-o", "c", "-f", "d", "-c", "g", "spare"], "Extraneous parameters."),
]


@pytest.mark.parametrize(("call", "complaint"), BAD_CALLS, ids=[case[1] for case in BAD_CALLS])
def test_a_bad_call_is_refused(call: list[str], complaint: str) -> None:
    with pytest.raises(lfc.UsageError) as caught:
        lfc.parse(call)
    assert str(caught.value) == complaint


def test_the_command(tmp_path: Path) -> None:
    one = job(tmp_path)
    write(one.copy, format_row(lease(1)))
    bad = command("-4")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("Usage error: PID file not specified\nUsage: kea-lfc\n [-4|-6] -p file")
    assert bad.stderr.endswith("\nService failed: PID file not specified\n")
    assert command("-v").returncode == 0
    assert command("-h").stdout.startswith("Usage: kea-lfc")
    silent = command(*arguments(one))
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    assert names(tmp_path) == ["leases.csv.2"]
    assert one.previous.stat().st_mode & 0o777 == 0o640
    write(one.copy, format_row(lease(1, cltt=NOW + 1)))
    told = command(*arguments(one), "-d")
    assert told.returncode == 0
    assert f"Copy lease file:           {one.copy}" in told.stdout
    for line in (
        "INFO  [DhcpLFC/", "LFC_START Starting lease file cleanup", f"LFC_PROCESSING Previous file: {one.previous}",
        "LFC_READ_STATS Leases: 1, attempts: 2, errors: 0.", "LFC_WRITE_STATS Leases: 1, attempts: 1, errors: 0.",
        "LFC_ROTATING", "LFC_TERMINATE LFC finished processing",
    ):  # fmt: skip
        assert line in told.stderr
