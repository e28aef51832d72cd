"""What lease_cmds logs: Kea's ids, severities and texts."""

from __future__ import annotations

from typing import Final

from kead.logs import DEBUG, ERROR, INFO, WARN, Message, Severity

_LOGGER = "lease-cmds-hooks"
_DATA: Final = DEBUG(20)


def _message(name: str, severity: Severity, text: str) -> Message:
    return Message("LEASE_CMDS_" + name, _LOGGER, severity, text)


_FAILED = "%s command failed (parameters: %%s, reason: %%s)"
_CONFLICT = "%s command failed due to conflict (parameters: %%s, reason: %%s)"

INIT_OK = _message("INIT_OK", INFO, "loading Lease Commands hooks library successful")
DEINIT_OK = _message("DEINIT_OK", INFO, "unloading Lease Commands hooks library successful")
LOAD_ERROR = _message("LOAD_ERROR", ERROR, "loading Lease Commands hooks library failed: %s")

ADDED = _message("ADD4", _DATA, "lease4-add command successful (address: %s)")
UPDATED = _message("UPDATE4", _DATA, "lease4-update command successful (address: %s)")
DELETED = _message("DEL4", _DATA, "lease4-del command successful (address: %s)")
WIPED = _message("WIPE4", INFO, "lease4-wipe command successful (parameters: %s)")
ADDED6 = _message("ADD6", _DATA, "lease6-add command successful (address: %s)")
UPDATED6 = _message("UPDATE6", _DATA, "lease6-update command successful (address: %s)")
DELETED6 = _message("DEL6", _DATA, "lease6-del command successful (address: %s)")
WIPED6 = _message("WIPE6", INFO, "lease6-wipe command successful (parameters: %s)")
RESENT = _message("RESEND_DDNS4", INFO, "lease4-resend-ddns command successful: %s")
RESENT6 = _message("RESEND_DDNS6", INFO, "lease6-resend-ddns command successful: %s")
APPLIED6 = _message("BULK_APPLY6", _DATA, "lease6-bulk-apply command successful (applied addresses count: %d)")

FAILED = {
    command: _message(name, ERROR, _FAILED % command)
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
    command: _message(name, WARN, _CONFLICT % command)
    for command, name in (
        ("lease4-add", "ADD4_CONFLICT"),
        ("lease4-update", "UPDATE4_CONFLICT"),
        ("lease6-add", "ADD6_CONFLICT"),
        ("lease6-update", "UPDATE6_CONFLICT"),
    )
}
"""By command: what is logged when something is in its way."""

RESEND_FAILED = {
    "lease4-resend-ddns": _message("RESEND_DDNS4_FAILED", ERROR, "lease4-resend-ddns command failed: %s"),
    "lease6-resend-ddns": _message("RESEND_DDNS6_FAILED", ERROR, "lease6-resend-ddns command failed: %s"),
}
