"""What lease_cmds logs: Kea's ids, severities and texts."""

from __future__ import annotations

from kead.logs import ERROR, INFO, Message

_LOGGER = "lease-cmds-hooks"


def _info(name: str, text: str) -> Message:
    return Message("LEASE_CMDS_" + name, _LOGGER, INFO, text)


def _error(name: str, text: str) -> Message:
    return Message("LEASE_CMDS_" + name, _LOGGER, ERROR, text)


_FAILED = "%s command failed (parameters: %%s, reason: %%s)"
_CONFLICT = "%s command failed due to conflict (parameters: %%s, reason: %%s)"

INIT_OK = _info("INIT_OK", "loading Lease Commands hooks library successful")
DEINIT_OK = _info("DEINIT_OK", "unloading Lease Commands hooks library successful")
LOAD_ERROR = _error("LOAD_ERROR", "loading Lease Commands hooks library failed: %s")

ADDED = _info("ADD4", "lease4-add command successful (address: %s)")
UPDATED = _info("UPDATE4", "lease4-update command successful (address: %s)")
DELETED = _info("DEL4", "lease4-del command successful (address: %s)")
WIPED = _info("WIPE4", "lease4-wipe command successful (parameters: %s)")

FAILED = {
    command: _error(name, _FAILED % command)
    for command, name in (
        ("lease4-add", "ADD4_FAILED"),
        ("lease4-del", "DEL4_FAILED"),
        ("lease4-get", "GET4_FAILED"),
        ("lease4-update", "UPDATE4_FAILED"),
        ("lease4-wipe", "WIPE4_FAILED"),
        ("lease6-add", "ADD6_FAILED"),
        ("lease6-bulk-apply", "BULK_APPLY6_FAILED"),
        ("lease6-del", "DEL6_FAILED"),
        ("lease6-get", "GET6_FAILED"),
        ("lease6-update", "UPDATE6_FAILED"),
        ("lease6-wipe", "WIPE6_FAILED"),
    )
}
"""By command: what is logged when one fails."""

CONFLICTS = {
    command: _info(name, _CONFLICT % command)
    for command, name in (
        ("lease4-add", "ADD4_CONFLICT"),
        ("lease4-update", "UPDATE4_CONFLICT"),
        ("lease6-add", "ADD6_CONFLICT"),
        ("lease6-update", "UPDATE6_CONFLICT"),
    )
}
"""By command: what is logged when something is in its way."""

RESEND_FAILED = {
    "lease4-resend-ddns": _error("RESEND_DDNS4_FAILED", "lease4-resend-ddns command failed: %s"),
    "lease6-resend-ddns": _error("RESEND_DDNS6_FAILED", "lease6-resend-ddns command failed: %s"),
}
