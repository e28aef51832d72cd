"""What the lease stores log: Kea's messages under Kea's ids, and kead's own (KEAD_…) where Kea has none."""

from __future__ import annotations

from typing import Final

from kead.logs import DEBUG, ERROR, FATAL, INFO, WARN, Message

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
    "version of lease file: %s schema is earlier than version %s",
)
NEEDS_DOWNGRADING: Final = Message(
    "DHCPSRV_MEMFILE_NEEDS_DOWNGRADING",
    "dhcpsrv",
    WARN,
    "version of lease file: %s schema is later than version %s",
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
READ_HWADDR_FAIL: Final = Message(
    "DHCPSRV_MEMFILE_READ_HWADDR_FAIL", "dhcpsrv", WARN, "failed to read hardware address from lease file: %s"
)
EXTENDED_INFO_UPGRADED6: Final = Message(
    "DHCPSRV_LEASE6_EXTENDED_INFO_UPGRADED", "dhcpsrv", DEBUG(40), "extended info for lease %s was upgraded"
)
EXTENDED_INFO_SANITY_FAIL6: Final = Message(
    "DHCPSRV_LEASE6_EXTENDED_INFO_SANITY_FAIL", "dhcpsrv", ERROR, "extended info for lease %s failed checks (%s)"
)
BUILD_EXTENDED_INFO6: Final = Message(
    "DHCPSRV_MEMFILE_BUILD_EXTENDED_INFO_TABLES6",
    "dhcpsrv",
    INFO,
    "building extended info tables saw %d leases, extended info sanity checks modified %d leases and %d leases were "
    "entered into tables",
)

CONVERTING: Final = Message(
    "DHCPSRV_MEMFILE_CONVERTING_LEASE_FILES",
    "dhcpsrv",
    WARN,
    "running LFC now to convert lease files to the current schema: %s",
)
LFC_SETUP: Final = Message(
    "DHCPSRV_MEMFILE_LFC_SETUP", "dhcpsrv", INFO, "setting up the Lease File Cleanup interval to %d sec"
)
LFC_START: Final = Message("DHCPSRV_MEMFILE_LFC_START", "dhcpsrv", INFO, "starting Lease File Cleanup")
LFC_EXECUTE: Final = Message("DHCPSRV_MEMFILE_LFC_EXECUTE", "dhcpsrv", INFO, "executing Lease File Cleanup using: %s")
LFC_STILL_RUNNING: Final = Message(
    "DHCPSRV_MEMFILE_LFC_RUNNING", "dhcpsrv", INFO, "Lease File Cleanup is still running; it is not started anew"
)
LFC_RENAME_FAIL: Final = Message(
    "DHCPSRV_MEMFILE_LFC_LEASE_FILE_RENAME_FAIL",
    "dhcpsrv",
    ERROR,
    "failed to rename the current lease file %s to %s, reason: %s",
)
LFC_SPAWN_FAIL: Final = Message(
    "DHCPSRV_MEMFILE_LFC_SPAWN_FAIL",
    "dhcpsrv",
    ERROR,
    "lease file cleanup failed to run because %s could not be started",
)
LFC_ENDED_BADLY: Final = Message(
    "KEAD_LFC_FAILED", "dhcpsrv", ERROR, "Lease File Cleanup ended with status %d; the lease files stay as they are"
)


class ReclamationMessages:
    """What a family's reclamation says."""

    __slots__ = (
        "complete",
        "deleted",
        "deleting",
        "failed",
        "flush_failed",
        "lease",
        "none_left",
        "recovered",
        "slow",
        "start",
        "timeout",
    )

    def __init__(self, family: int) -> None:
        engine = f"ALLOC_ENGINE_V{family}"
        lease = (
            "reclaiming expired lease for address %s" if family == 4 else "reclaiming expired lease for prefix %s/%d"
        )
        self.start = Message(
            f"{engine}_LEASES_RECLAMATION_START",
            "alloc-engine",
            DEBUG(40),
            "starting reclamation of expired leases (limit = %d leases or %d milliseconds)",
        )
        self.complete = Message(
            f"{engine}_LEASES_RECLAMATION_COMPLETE", "alloc-engine", DEBUG(40), "reclaimed %d leases in %.3f ms"
        )
        self.timeout = Message(
            f"{engine}_LEASES_RECLAMATION_TIMEOUT",
            "alloc-engine",
            DEBUG(40),
            f"timeout of %d ms reached while reclaiming IPv{family} leases",
        )
        self.slow = Message(
            f"{engine}_LEASES_RECLAMATION_SLOW",
            "alloc-engine",
            WARN,
            "expired leases still exist after %d reclamations",
        )
        self.none_left = Message(
            f"{engine}_NO_MORE_EXPIRED_LEASES", "alloc-engine", DEBUG(40), "all expired leases have been reclaimed"
        )
        self.lease = Message(f"{engine}_LEASE_RECLAIM", "alloc-engine", DEBUG(40), f"%s: {lease}")
        self.recovered = Message(
            f"{engine}_DECLINED_RECOVERED",
            "alloc-engine",
            INFO,
            f"IPv{family} address %s was recovered after %d seconds of probation-period",
        )
        self.deleting = Message(
            f"{engine}_RECLAIMED_LEASES_DELETE",
            "alloc-engine",
            DEBUG(40),
            "begin deletion of reclaimed leases expired more than %d seconds ago",
        )
        self.deleted = Message(
            f"{engine}_RECLAIMED_LEASES_DELETE_COMPLETE",
            "alloc-engine",
            DEBUG(40),
            "successfully deleted %d expired-reclaimed leases",
        )
        self.flush_failed = Message(
            f"{engine}_RECLAIMED_LEASES_DELETE_FAILED",
            "alloc-engine",
            ERROR,
            "deletion of expired-reclaimed leases failed: %s",
        )
        self.failed = Message(
            "KEAD_LEASES_RECLAMATION_FAILED",
            "alloc-engine",
            ERROR,
            "reclamation of expired leases failed: %s; tried again later",
        )


RECLAMATION4: Final = ReclamationMessages(4)
RECLAMATION6: Final = ReclamationMessages(6)

LFC_PROGRAM_START: Final = Message("LFC_START", "", INFO, "Starting lease file cleanup")
LFC_PROGRAM_RUNNING: Final = Message("LFC_RUNNING", "", ERROR, "LFC instance already running")
LFC_PROCESSING: Final = Message("LFC_PROCESSING", "", INFO, "Previous file: %s, copy file: %s")
LFC_READ_STATS: Final = Message("LFC_READ_STATS", "", INFO, "Leases: %d, attempts: %d, errors: %d.")
LFC_WRITE_STATS: Final = Message("LFC_WRITE_STATS", "", INFO, "Leases: %d, attempts: %d, errors: %d.")
LFC_ROTATING: Final = Message("LFC_ROTATING", "", INFO, "LFC rotating files")
LFC_TERMINATE: Final = Message("LFC_TERMINATE", "", INFO, "LFC finished processing")
LFC_FAIL_PROCESS: Final = Message("LFC_FAIL_PROCESS", "", ERROR, "%s")
LFC_FAIL_PID_CREATE: Final = Message("LFC_FAIL_PID_CREATE", "", FATAL, "%s: is the directory writable?")
LFC_FAIL_PID_DEL: Final = Message("LFC_FAIL_PID_DEL", "", ERROR, "%s")
