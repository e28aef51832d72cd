"""What the lease stores log: Kea's messages under Kea's ids, and kead's own (KEAD_…) where Kea has none."""

from __future__ import annotations

from typing import Final

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

MEMFILE_DB: Final = Message("DHCPSRV_MEMFILE_DB", "dhcpsrv", INFO, "opening memory file lease database: %s")
NO_STORAGE: Final = Message(
    "DHCPSRV_MEMFILE_NO_STORAGE",
    "dhcpsrv",
    WARN,
    "running in non-persistent mode, leases will be lost after restart",
)
LEASE_FILE_LOAD: Final = Message("DHCPSRV_MEMFILE_LEASE_FILE_LOAD", "dhcpsrv", INFO, "loading leases from file %s")
ROW_ERROR: Final = Message("DHCPSRV_MEMFILE_LEASE_LOAD_ROW_ERROR", "dhcpsrv", ERROR, "discarding row %d, error: %s")
NEEDS_UPGRADING: Final = Message(
    "DHCPSRV_MEMFILE_NEEDS_UPGRADING",
    "dhcpsrv",
    WARN,
    "version of lease file: %s schema is earlier than version 3.0",
)
NEEDS_DOWNGRADING: Final = Message(
    "DHCPSRV_MEMFILE_NEEDS_DOWNGRADING",
    "dhcpsrv",
    WARN,
    "version of lease file: %s schema is later than version 3.0",
)
TORN_ROW: Final = Message(
    "KEAD_LEASE_FILE_TORN_ROW",
    "dhcpsrv",
    WARN,
    "%s ends in the middle of a row, as after a crash: %d bytes of it are not a lease; %s",
)
WRITE_FAIL: Final = Message(
    "KEAD_LEASE_FILE_WRITE_FAIL",
    "dhcpsrv",
    ERROR,
    "%s; leases of %d change(s) were not stored, their clients get no answer; goes on as soon as writing succeeds",
)
WRITE_RECOVERED: Final = Message(
    "KEAD_LEASE_FILE_WRITE_RECOVERED",
    "dhcpsrv",
    INFO,
    "%s can be written again after %d failed attempt(s)",
)

SANITY_FAIL: Final = Message(
    "DHCPSRV_LEASE_SANITY_FAIL", "dhcpsrv", WARN, "The lease %s with subnet-id %d failed subnet-id checks (%s)."
)
SANITY_FIXED: Final = Message(
    "DHCPSRV_LEASE_SANITY_FIXED",
    "dhcpsrv",
    INFO,
    "The lease %s with subnet-id %d failed subnet-id checks, but was corrected to subnet-id %d.",
)
SANITY_FAIL_DISCARD: Final = Message(
    "DHCPSRV_LEASE_SANITY_FAIL_DISCARD",
    "dhcpsrv",
    INFO,
    "The lease %s with subnet-id %d failed subnet-id checks (%s) and was dropped.",
)
EXTENDED_INFO_UPGRADED: Final = Message(
    "DHCPSRV_LEASE4_EXTENDED_INFO_UPGRADED", "dhcpsrv", DEBUG(40), "extended info for lease %s was upgraded"
)
EXTENDED_INFO_SANITY_FAIL: Final = Message(
    "DHCPSRV_LEASE4_EXTENDED_INFO_SANITY_FAIL",
    "dhcpsrv",
    ERROR,
    "extended info for lease %s failed checks (%s)",
)
EXTRACT_EXTENDED_INFO: Final = Message(
    "DHCPSRV_MEMFILE_EXTRACT_EXTENDED_INFO4",
    "dhcpsrv",
    INFO,
    "extracting extended info saw %d leases, extended info sanity checks modified %d / updated %d leases and %d leases "
    "have relay or remote id",
)
