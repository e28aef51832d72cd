"""lease_cmds: commands to look at, add, change and remove leases, whatever store they are in.

Kea's libdhcp_lease_cmds.so. A DHCPv6 server gets the commands for its leases. A DHCPv4 server gets those of both
families, as in Kea; there the ones for IPv6 find nothing (elsewhere6.py). Texts, result codes and effects are those of
Kea 3.0.4.
"""

from __future__ import annotations

from kead.hooks.library import Library

from . import messages
from .bulk6 import lease6_bulk_apply
from .changing4 import lease4_add, lease4_del, lease4_resend_ddns, lease4_update, lease4_wipe, lease4_write
from .changing6 import lease6_add, lease6_del, lease6_resend_ddns, lease6_update, lease6_wipe, lease6_write
from .processes import DHCP4, DHCP6
from .reading4 import (
    lease4_get,
    lease4_get_all,
    lease4_get_by_client_id,
    lease4_get_by_hostname,
    lease4_get_by_hw_address,
    lease4_get_by_state,
    lease4_get_page,
)
from .reading6 import (
    lease6_get,
    lease6_get_all,
    lease6_get_by_duid,
    lease6_get_by_hostname,
    lease6_get_by_hw_address,
    lease6_get_by_state,
    lease6_get_page,
)

__all__ = [
    "lease4_add",
    "lease4_del",
    "lease4_get",
    "lease4_get_all",
    "lease4_get_by_client_id",
    "lease4_get_by_hostname",
    "lease4_get_by_hw_address",
    "lease4_get_by_state",
    "lease4_get_page",
    "lease4_resend_ddns",
    "lease4_update",
    "lease4_wipe",
    "lease4_write",
    "lease6_add",
    "lease6_bulk_apply",
    "lease6_del",
    "lease6_get",
    "lease6_get_all",
    "lease6_get_by_duid",
    "lease6_get_by_hostname",
    "lease6_get_by_hw_address",
    "lease6_get_by_state",
    "lease6_get_page",
    "lease6_resend_ddns",
    "lease6_update",
    "lease6_wipe",
    "lease6_write",
    "load",
    "unload",
]


def load(library: Library) -> None:
    """Refuse what this library cannot do, and leave out what the server has no leases for."""
    try:
        _check(library)
    except ValueError as error:
        messages.LOAD_ERROR(error)
        raise
    if library.process in DHCP6:
        library.registrations = [one for one in library.registrations if one.point.startswith("$lease6_")]
    messages.INIT_OK()


def _check(library: Library) -> None:
    if library.process not in DHCP4 | DHCP6:
        raise ValueError(f"lease_cmds is for kead-dhcp4 and kead-dhcp6, it cannot be loaded by {library.process}")
    for name, value in library.parameters.items():
        if name != "binding-variables":
            raise ValueError(f"lease_cmds has no parameter '{name}', only 'binding-variables'")
        if not isinstance(value, list):
            raise ValueError("'binding-variables' must be a list")
        if value:
            raise ValueError("'binding-variables' are not supported yet: they need expressions; take them out")


def unload() -> None:
    """Nothing is held."""
    messages.DEINIT_OK()
