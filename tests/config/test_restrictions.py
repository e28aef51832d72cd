"""Where files may lie: Kea 3's directories, moved by the environment, opened by -X."""

from __future__ import annotations

from pathlib import Path

import pytest

from kead.config.errors import ConfigError
from kead.config.restrictions import Restrictions
from tests.config.some_configs import LOOPBACK, SUBNET, load, server


def socket_at(name: str) -> dict[str, object]:
    sockets = [{"socket-type": "unix", "socket-name": name}]
    return {"Dhcp4": {"subnet4": [SUBNET], "control-sockets": sockets}}


def leases_at(name: str) -> dict[str, object]:
    return {"Dhcp4": {"lease-database": {"type": "memfile", "name": name}}}


def test_names_without_a_directory_lie_in_the_permitted_one() -> None:
    directories = {"data_directory": "/data", "socket_directory": "/sockets", "log_directory": "/logs"}
    loaded = load(
        {
            "Dhcp4": {
                "control-sockets": [{"socket-type": "unix", "socket-name": "control"}],
                "lease-database": {"type": "memfile", "name": "leases.csv"},
                "loggers": [{"name": "kea-dhcp4", "output-options": [{"output": "log"}]}],
            }
        },
        **directories,
    )
    assert [socket.path for socket in loaded.control_sockets] == ["/sockets/control"]
    assert loaded.lease_database.path == "/data/leases.csv"
    assert loaded.loggers[0].outputs is not None
    assert loaded.loggers[0].outputs[0].output == "/logs/log"


def test_the_lease_file_has_a_usual_name() -> None:
    assert server().lease_database.path == "/var/lib/kea/kea-leases4.csv"


def test_sockets_elsewhere() -> None:
    with pytest.raises(ConfigError) as caught:
        load(socket_at("/tmp/control"))
    assert caught.value.message == (
        "'socket-name' is invalid: invalid path specified: '/tmp', supported path is '/run/kea'"
    )
    assert caught.value.path == "Dhcp4.control-sockets[0].socket-name"
    assert load(socket_at("/tmp/control"), enforce=False).control_sockets[0].path == "/tmp/control"


def test_an_open_socket_directory_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigError, match="does not exist or has more relaxed permissions than 750"):
        load(socket_at("control"), socket_directory=str(tmp_path))
    with pytest.raises(ConfigError, match="more relaxed permissions"):
        load(socket_at("control"), socket_directory=str(tmp_path), enforce=False)
    tmp_path.chmod(0o750)
    assert load(socket_at("control"), socket_directory=str(tmp_path))


@pytest.mark.parametrize("name", ["/run/kea/", "/run/kea/..", "."])
def test_no_file_name(name: str) -> None:
    with pytest.raises(ConfigError, match="has no filename"):
        load(socket_at(name))


def test_lease_files_elsewhere_are_refused_when_it_is_meant() -> None:
    with pytest.raises(ConfigError) as caught:
        load(leases_at("/tmp/leases.csv"))
    assert caught.value.message == (
        "Could not open lease file: invalid path specified: '/tmp', supported path is '/var/lib/kea'"
    )
    assert load(leases_at("/tmp/leases.csv"), testing=True)
    assert load(leases_at("/tmp/leases.csv"), enforce=False).lease_database.path == "/tmp/leases.csv"


def test_log_files_elsewhere() -> None:
    loggers = [{"name": "kea-dhcp4", "output-options": [{"output": "/tmp/log"}]}]
    with pytest.raises(ConfigError, match="invalid path specified: '/tmp', supported path is '/var/log/kea'"):
        server(loggers=loggers)
    assert load({"Dhcp4": {"loggers": loggers}}, testing=True).loggers


def test_the_environment_moves_the_directories() -> None:
    environment = {"KEA_DHCP_DATA_DIR": "/d/", "KEA_LOG_FILE_DIR": "/l", "KEA_CONTROL_SOCKET_DIR": ""}
    restrictions = Restrictions.from_environment(enforce=False, environment=environment)
    assert restrictions.data_directory == "/d"
    assert restrictions.log_directory == "/l"
    assert restrictions.socket_directory == "/run/kea"
    assert not restrictions.enforce


def test_interfaces_are_looked_for_only_where_there_is_a_list_of_them() -> None:
    tree = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth9"]}, "subnet4": [{**SUBNET, "interface": "eth9"}]}}
    assert load(tree).interfaces.interfaces[0].name == "eth9"
    with pytest.raises(ConfigError, match="interface name eth9 for subnet"):
        load(tree, interfaces=lambda: LOOPBACK)
