"""Loggers as configured, lines as Kea's users grep them, and nothing that goes wrong with a log reaches the caller."""

import os
import re
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kead import logs
from kead.log_outputs import FileOutput, StreamOutput, SyslogOutput
from kead.log_pattern import SYSLOG_PATTERN, Pattern
from kead.logs import DEBUG, ERROR, GAPS, INFO, WARN, LogSettingsError, Message, Together

STARTED = Message("TEST_STARTED", "dhcp4", INFO, "server version %s started")
OFFER = Message("TEST_OFFER", "leases", INFO, "%s: lease %s will be offered")
TRACE = Message("TEST_TRACE", "leases", DEBUG(40), "trace %d")
DETAIL = Message("TEST_DETAIL", "leases", DEBUG(50), "detail %d")
TROUBLE = Message("TEST_TROUBLE", "packets", ERROR, "trouble")
ROOT = Message("TEST_ROOT", "", WARN, "of the root, 100%%")
DUMP = Message("TEST_DUMP", "packets", INFO, "packet:\n%s", multiline=True)


@pytest.fixture(autouse=True)
def _own_loggers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KEA_LOG_FILE_DIR", str(tmp_path))
    monkeypatch.delenv("KEA_LOGGER_DESTINATION", raising=False)
    logs.start("kea-dhcp4")
    yield
    logs.stop()


def to_file(name: str = "kea.log", logger: str = "kea-dhcp4", **more: object) -> dict[str, object]:
    output: dict[str, object] = {"output": name}
    output |= {key: more.pop(key) for key in ("flush", "maxsize", "maxver", "pattern") if key in more}
    return {"name": logger, "output-options": [output], **more}


def configure(*loggers: dict[str, object]) -> None:
    logs.configure(list(loggers))


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_line_has_keas_form_to_the_letter(tmp_path: Path) -> None:
    configure(to_file())
    STARTED("3.0.4")
    ROOT()
    first, second = lines(tmp_path / "kea.log")
    ids = rf"{os.getpid()}\.{threading.get_ident()}"
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
    assert re.fullmatch(rf"{stamp} INFO  \[kea-dhcp4\.dhcp4/{ids}\] TEST_STARTED server version 3\.0\.4 started", first)
    assert re.fullmatch(rf"{stamp} WARN  \[kea-dhcp4/{ids}\] TEST_ROOT of the root, 100%", second)


def test_the_file_is_for_owner_and_group(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        configure(to_file())
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "kea.log").stat().st_mode) == 0o640


def test_without_debug_no_debug_message_is_on(tmp_path: Path) -> None:
    configure(to_file(severity="INFO", debuglevel=99))
    assert OFFER.on
    assert not TRACE.on


def test_debuglevel_says_how_much(tmp_path: Path) -> None:
    configure(to_file(severity="debug", debuglevel=40))
    assert TRACE.on
    assert not DETAIL.on
    configure(to_file(severity="DEBUG", debuglevel=99))
    assert DETAIL.on


def test_severity_none_silences_all() -> None:
    configure(to_file(severity="NONE"))
    assert not TROUBLE.on


def test_a_child_takes_severity_and_output_of_its_parent_unless_it_says_otherwise(tmp_path: Path) -> None:
    configure(
        to_file(severity="ERROR"),
        to_file("leases.log", "kea-dhcp4.leases", severity="DEBUG", debuglevel=45),
        {"name": "kea-dhcp4.packets", "severity": "NONE"},
    )
    assert (OFFER.on, TRACE.on, DETAIL.on, TROUBLE.on, STARTED.on) == (True, True, False, False, False)
    OFFER("c", "192.0.2.1")
    assert "TEST_OFFER c: lease 192.0.2.1 will be offered" in (tmp_path / "leases.log").read_text()
    assert (tmp_path / "kea.log").read_text() == ""


def test_debuglevel_is_not_inherited_by_a_child_with_a_severity_of_its_own() -> None:
    configure(to_file(severity="DEBUG", debuglevel=99), {"name": "kea-dhcp4.leases", "severity": "DEBUG"})
    assert not TRACE.on


def test_star_means_the_root_and_loggers_of_other_programs_do_no_harm(tmp_path: Path) -> None:
    configure(to_file(logger="*", severity="WARN"), {"name": "kea-dhcp6", "severity": "DEBUG", "debuglevel": 99})
    assert TROUBLE.on
    assert not OFFER.on


def test_two_outputs_of_one_logger_both_get_the_line(tmp_path: Path) -> None:
    configure({"name": "kea-dhcp4", "output-options": [{"output": "a.log"}, {"output": "b.log", "pattern": "%m%n"}]})
    TROUBLE()
    assert (tmp_path / "b.log").read_text() == "TEST_TROUBLE trouble\n"
    assert (tmp_path / "a.log").read_text().endswith("TEST_TROUBLE trouble\n")


def test_verbose_forces_all_of_debug(tmp_path: Path) -> None:
    logs.start("kea-dhcp4", verbose=True)
    configure(to_file(severity="ERROR"))
    assert DETAIL.on


def test_before_the_configuration_lines_go_to_stdout_and_without_loggers_to_stderr(
    capfd: pytest.CaptureFixture[str],
) -> None:
    TROUBLE()
    assert "TEST_TROUBLE" in capfd.readouterr().out
    configure()
    TROUBLE()
    streams = capfd.readouterr()
    assert "TEST_TROUBLE" in streams.err
    assert streams.out == ""


@pytest.mark.parametrize("destination", ["stderr", "FILE"])
def test_the_early_destination_can_be_chosen(
    destination: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    early = tmp_path / "deeper" / "early.log"
    early.parent.mkdir()
    monkeypatch.setenv("KEA_LOGGER_DESTINATION", destination if destination == "stderr" else str(early))
    logs.start("kea-dhcp4")
    TROUBLE()
    text = capfd.readouterr().err if destination == "stderr" else early.read_text()
    assert "TEST_TROUBLE" in text


def test_a_message_declared_later_follows_the_configuration_in_force(tmp_path: Path) -> None:
    configure(to_file(severity="WARN"))
    assert not Message("TEST_LATE", "hooks", INFO, "late").on
    assert Message("TEST_LATER", "hooks", ERROR, "later").on


def test_a_client_cannot_begin_a_line_of_its_own(tmp_path: Path) -> None:
    configure(to_file())
    OFFER("evil\n2026-01-01 00:00:00.000 FATAL [x]\x1b[31m", "\x00")
    (line,) = lines(tmp_path / "kea.log")
    assert line.endswith("evil\\n2026-01-01 00:00:00.000 FATAL [x]\\x1b[31m: lease \\x00 will be offered")


def test_a_dump_keeps_its_lines(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    DUMP("op=1\nbad=\x07")
    assert lines(tmp_path / "kea.log") == ["TEST_DUMP packet:", "op=1", "bad=\\x07"]


def test_any_text_can_be_written(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    OFFER("h\u00e9 \udce9", "\u2028")
    assert b"h\xc3\xa9 \\udce9: lease \\u2028" in (tmp_path / "kea.log").read_bytes()


def test_wrong_arguments_are_shown_and_do_not_raise(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    OFFER("only one")
    assert lines(tmp_path / "kea.log") == ["TEST_OFFER %s: lease %s will be offered ('only one',)"]


def test_a_batch_is_written_at_its_end_in_order(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    logs.begin_batch()
    OFFER("a", 1)
    OFFER("b", 2)
    assert (tmp_path / "kea.log").read_text() == ""
    logs.flush()
    assert [line[11] for line in lines(tmp_path / "kea.log")] == ["a", "b"]
    OFFER("c", 3)
    assert len(lines(tmp_path / "kea.log")) == 3


def test_a_long_batch_does_not_gather_without_bound(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    logs.begin_batch()
    for _ in range(20):
        OFFER("x" * 10000, 0)
    assert (tmp_path / "kea.log").stat().st_size > 60000
    logs.flush()
    assert len(lines(tmp_path / "kea.log")) == 20


def test_flush_false_waits_for_a_full_buffer_or_the_end(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n", flush=False))
    OFFER("a", 1)
    assert (tmp_path / "kea.log").read_text() == ""
    logs.stop()
    assert len(lines(tmp_path / "kea.log")) == 1


def test_files_rotate(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n", maxsize=204800, maxver=2))
    for number in range(5):
        OFFER("x" * 204800, number)
    assert sorted(one.name for one in tmp_path.iterdir() if "lock" not in one.name) == [
        "kea.log",
        "kea.log.1",
        "kea.log.2",
    ]
    assert [lines(tmp_path / name)[0][-17] for name in ("kea.log", "kea.log.1", "kea.log.2")] == ["4", "3", "2"]
    assert stat.S_IMODE((tmp_path / "kea.log").stat().st_mode) & 0o007 == 0


def test_a_small_maxsize_means_no_rotation(tmp_path: Path) -> None:
    configure(to_file(maxsize=204799))
    for number in range(4):
        OFFER("x" * 100000, number)
    assert [one.name for one in tmp_path.iterdir()] == ["kea.log"]


def test_two_that_share_a_file_rotate_it_once(tmp_path: Path) -> None:
    path = str(tmp_path / "shared.log")
    one, two = FileOutput(path, 204800, 5), FileOutput(path, 204800, 5)
    one.add("x" * 204800 + "\n", 6)
    one.flush()
    for output, text in ((one, "one\n"), (two, "two\n")):
        output.add(text, 6)
        output.flush()
    assert (tmp_path / "shared.log").read_text() == "one\ntwo\n"
    assert not (tmp_path / "shared.log.2").exists()
    one.close()
    two.close()


def test_a_removed_file_is_made_again(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    OFFER("a", 1)
    (tmp_path / "kea.log").unlink()
    OFFER("b", 2)
    assert lines(tmp_path / "kea.log") == ["TEST_OFFER b: lease 2 will be offered"]


def test_a_full_disk_is_counted_said_once_and_survived(capfd: pytest.CaptureFixture[str]) -> None:
    output = FileOutput("/dev/full", 0, 1)
    for _ in range(3):
        output.add("lost\n", 6)
        output.flush()
    assert output.lost == 3
    complaints = capfd.readouterr().err.splitlines()
    assert complaints == [
        "kead: cannot write to the log file '/dev/full': No space left on device; lines are being lost"
    ]
    output.close()


def test_a_closed_console_is_no_reason_to_fail() -> None:
    read, write = os.pipe()
    os.close(read)
    output = StreamOutput(write)
    output.add("nobody reads this\n", 6)
    output.flush()
    assert output.lost == 1
    os.close(write)


def test_syslog_lines_have_neither_date_nor_process(tmp_path: Path) -> None:
    device = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(device)
        output = SyslogOutput("kea-dhcp4", "local3", device)
        render = Pattern(SYSLOG_PATTERN).bind("WARN", "kea-dhcp4.leases", 1, "TEST_ID")
        output.add(render(0.0, 77, "some text"), 4)
        output.flush()
        text = daemon.recv(1000).decode()
    number = (16 + 3) * 8 + 4
    assert re.fullmatch(
        rf"<{number}>\w{{3}} [ \d]\d \d\d:\d\d:\d\d kea-dhcp4: WARN  \[kea-dhcp4\.leases\.77\] TEST_ID some text", text
    )
    output.add("nobody there\n", 4)
    output.flush()
    assert output.lost == 1
    output.close()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%p|%-6p|%6p|%.2p%n", "INFO|INFO  |  INFO|FO\n"),
        ("%c|%c{1}|%c{2}%%%n", "kea-dhcp4.leases|leases|kea-dhcp4.leases%\n"),
        ("%i %t %m", "42 7 TEST_ID the text"),
        ("[%20m]", "[    TEST_ID the text]"),
        ("%d{%H:%M:%S.%q,%q} %m", "00:00:01.250,250 TEST_ID the text"),
        ("%d %m{x}", "1970-01-01 00:00:01 TEST_ID the text{x}"),
        ("no directive", "no directive"),
    ],
)
def test_patterns(pattern: str, expected: str) -> None:
    assert Pattern(pattern).bind("INFO", "kea-dhcp4.leases", 42, "TEST_ID")(1.25, 7, "the text") == expected


@pytest.mark.parametrize("pattern", ["%x", "%m %", "%-5", "%c{x}", "%L"])
def test_unknown_directives_are_refused(pattern: str) -> None:
    with pytest.raises(LogSettingsError, match="pattern"):
        configure(to_file(pattern=pattern))


@pytest.mark.parametrize(
    ("logger", "complaint"),
    [
        ({}, "mandatory 'name'"),
        ({"name": "kea-dhcp4", "severity": "LOUD"}, "LOUD"),
        ({"name": "kea-dhcp4", "debuglevel": 100}, "from 0 to 99"),
        ({"name": "kea-dhcp4", "debuglevel": True}, "from 0 to 99"),
        ({"name": "kea-dhcp4", "colour": "red"}, "unknown keyword 'colour'"),
        ({"name": "kea-dhcp4", "output-options": [{}]}, "mandatory 'output'"),
        ({"name": "kea-dhcp4", "output-options": [{"output": "stdout", "maxsize": -1}]}, "maxsize"),
        ({"name": "kea-dhcp4", "output-options": [{"output": "syslog:local9"}]}, "local9"),
        ({"name": "kea-dhcp4", "output-options": [], "output_options": []}, "Use only the latter"),
        ({"name": "kea-dhcp4", "output-options": [{"output": "/nowhere/"}]}, "has no filename"),
    ],
)
def test_wrong_loggers_are_refused_and_the_old_ones_stay(
    logger: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    configure(to_file(pattern="%m%n"))
    with pytest.raises(LogSettingsError, match=complaint):
        configure(to_file("other.log"), logger)
    TROUBLE()
    assert lines(tmp_path / "kea.log") == ["TEST_TROUBLE trouble"]


def test_files_elsewhere_are_refused_in_keas_words_unless_restrictions_are_off(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    text = f"invalid path in `output`: invalid path specified: '{elsewhere}', supported path is '{tmp_path}'"
    with pytest.raises(LogSettingsError, match=re.escape(text)):
        configure(to_file(str(elsewhere / "x.log")))
    logs.configure(logs.read_loggers([to_file(str(elsewhere / "x.log"))], restricted=False))
    assert (elsewhere / "x.log").exists()


def test_a_file_that_cannot_be_opened_leaves_the_old_loggers(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(LogSettingsError, match="Is a directory"):
        configure(to_file("folder"))
    TROUBLE()
    assert lines(tmp_path / "kea.log") == ["TEST_TROUBLE trouble"]


def test_what_is_prepared_is_used_only_when_said(tmp_path: Path) -> None:
    configure(to_file(pattern="%m%n"))
    prepared = logs.prepare([to_file("next.log", pattern="%m%n", severity="ERROR")])
    OFFER("a", 1)
    logs.use(prepared)
    TROUBLE()
    assert not OFFER.on
    assert lines(tmp_path / "kea.log") == ["TEST_OFFER a: lease 1 will be offered"]
    assert lines(tmp_path / "next.log") == ["TEST_TROUBLE trouble"]


def test_an_announcement_reaches_console_and_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure(to_file(pattern="%m%n", severity="ERROR"))
    logs.announce(TROUBLE)
    assert "ERROR [kea-dhcp4.packets/" in capfd.readouterr().err
    assert lines(tmp_path / "kea.log") == ["TEST_TROUBLE trouble"]
    TROUBLE()
    assert capfd.readouterr().err == ""


def test_passwords_and_secrets_are_kept_out() -> None:
    tree = {"password": "a", "list": [{"trust-secret": "b", "user": "c"}], "password-file": "d"}
    assert logs.redact(tree) == {
        "password": "*****",
        "list": [{"trust-secret": "*****", "user": "c"}],
        "password-file": "d",
    }
    assert tree["password"] == "a"


def test_what_is_put_off_comes_in_its_place_and_with_its_time(tmp_path: Path) -> None:
    configure(to_file(pattern="%D{%s%q} %m%n"))
    logs.later(STARTED, 1)
    logs.later(STARTED, 2)
    assert logs.flush() == 2
    assert lines(tmp_path / "kea.log") == []
    time.sleep(0.01)
    TROUBLE()
    before = lines(tmp_path / "kea.log")
    logs.later(STARTED, 3)
    logs.catch_up()
    after = lines(tmp_path / "kea.log")
    assert [line.partition(" ")[2] for line in after] == [
        "TEST_STARTED server version 1 started",
        "TEST_STARTED server version 2 started",
        "TEST_TROUBLE trouble",
        "TEST_STARTED server version 3 started",
    ]
    assert before == after[:3]
    assert int(before[2].split()[0]) - int(before[1].split()[0]) >= 10


@pytest.mark.parametrize(
    "loggers",
    [
        [to_file()],
        [to_file(pattern="%m%n")],
        [to_file(), to_file("other.log", "kea-dhcp4.leases")],
        [to_file(severity="WARN"), to_file("other.log", "kea-dhcp4.packets", severity="INFO")],
        [to_file(severity="ERROR")],
        [{"name": "kea-dhcp4", "output-options": [{"output": "kea.log"}, {"output": "other.log"}]}],
    ],
)
def test_messages_together_are_what_they_are_one_by_one(loggers: list[dict[str, object]], tmp_path: Path) -> None:
    together = Together(DUMP, STARTED, DUMP)
    arguments = (("50%s",), (4,), ("that",))
    said = []
    for way in ("together", "one by one", "again"):
        for log in tmp_path.glob("*.log"):
            log.unlink()
        configure(*loggers)
        if way == "together":
            together(*arguments)
        elif way == "one by one":
            for message, values in zip((DUMP, STARTED, DUMP), arguments, strict=True):
                message(*values)
        else:
            assert not together.again("this", "that", "50%s"), "nothing is learnt of a new configuration"
            together.learn("this", (GAPS[1],), (4,), (GAPS[0],))
            together.learn("other", (GAPS[0],), (5,), (GAPS[0],))
            if not together.again("this", "that", "50%s"):
                together(*arguments)
        said.append({log.name: [line[23:] for line in lines(log)] for log in tmp_path.glob("*.log")})
    assert said[0] == said[1] == said[2]


def test_what_is_learnt_is_dated_anew_and_tells_the_thread_that_writes(tmp_path: Path) -> None:
    configure(to_file())
    together = Together(STARTED, OFFER)
    moments = [1_700_000_000.25, 1_700_000_001.5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: moments[0])
        together.learn("it", (1,), (GAPS[0], "10.0.0.1"))
        assert together.again("it", "first")
        del moments[0]
        assert together.again("it", "second")
    written = lines(tmp_path / "kea.log")
    assert [line.split("TEST_")[1] for line in written] == [
        "STARTED server version 1 started",
        "OFFER first: lease 10.0.0.1 will be offered",
        "STARTED server version 1 started",
        "OFFER second: lease 10.0.0.1 will be offered",
    ]
    assert [line[20:23] for line in written] == ["250", "250", "500", "500"]
    assert len({line.split("[")[1].split("]")[0].split(".")[-1] for line in written}) == 1
    told: list[bool] = []
    other = threading.Thread(target=lambda: told.append(together.again("it", "third")))
    other.start()
    other.join()
    assert told == [False], "its own number would be wrong"


def test_not_everything_is_learnt_for_ever(tmp_path: Path) -> None:
    configure(to_file())
    together = Together(STARTED)
    for number in range(2000):
        together.learn(number, (number,))
    assert len(together._learnt) <= 512
    assert together.again(1999)
