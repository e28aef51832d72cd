"""What the commands that change or write leases ask for, whichever family.

Law: reads arguments only. What is refused, and in which order, is as in Kea 3.0.4.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kead.config.restrictions import ForbiddenPathError, Restrictions
from kead.leases.cleanup_files import CleanupFiles

from .arguments import family_address, is_address
from .handling import Answer, Call
from .refused import CONFLICT, EMPTY, SUCCESS, Refused

if TYPE_CHECKING:
    from kead.dhcp4.public import PublicServer4
    from kead.dhcp6.public import PublicServer6
    from kead.leases.lease4 import Lease4
    from kead.leases.lease6 import Lease6


def changed_meanwhile(address: str) -> Refused:
    """There is no such lease to update, or another command or packet was quicker."""
    return Refused(
        f"failed to update the lease with address {address} either because the lease has been deleted or it has "
        "changed in the database, in both cases a retry might succeed",
        CONFLICT,
    )


def busy(address: str, what: str) -> Refused:
    """A packet is just about to get this address."""
    return Refused(f"ResourceBusy: IP address:{address} could not be {what}.", CONFLICT)


def wiped(number: int, subnets: list[int], family: str) -> Answer:
    """The answer after so many leases of these subnets are gone."""
    text = " ".join([f"Deleted {number} {family} lease(s) from subnet(s)", *map(str, subnets)])
    return {"result": SUCCESS if number else EMPTY, "text": text}


def wiped_subnet(call: Call) -> int:
    """The subnet that is to be wiped, 0 for all."""
    if not call.has_arguments:
        return 0
    try:
        return call.map().number("subnet-id", 0)
    except Refused as refused:
        if refused.text.startswith("get("):
            raise call.no_map("contains") from None
        raise


def address_to_resend(call: Call, *, v6: bool) -> int:
    """Whose name DNS is to be told of once more."""
    arguments = call.map("" if call.has_arguments else "'ip-address' parameter is missing.")
    if "ip-address" not in arguments:
        raise Refused("'ip-address' parameter is missing.")
    text = arguments.get("ip-address")
    if not isinstance(text, str):
        raise Refused("'ip-address' is not a string.")
    if not is_address(text):
        raise Refused(f"'{text}' is not a valid IP address.")
    return family_address(text, v6=v6)


def updates_off() -> Refused:
    """This server tells DNS nothing."""
    return Refused("DDNS updating is not enabled", CONFLICT)


def check_name(lease: Lease4 | Lease6 | None, address: str) -> None:
    """There is something that DNS could be told. Refused: not so."""
    if lease is None:
        raise Refused(f"No lease found for: {address}", EMPTY)
    if not lease.hostname:
        raise Refused(f"Lease for: {address}, has no hostname, nothing to update", CONFLICT)
    if not (lease.fqdn_fwd or lease.fqdn_rev):
        raise Refused(f"Neither forward nor reverse updates enabled for lease for: {address}", CONFLICT)


def resent(lease: Lease4 | Lease6, address: str) -> str:
    """What is answered and logged then."""
    return f"NCR generated for: {address}, hostname: {lease.hostname}"


def file_to_write(call: Call, server: PublicServer4 | PublicServer6) -> Path:
    """The file that a write command names; it must not be one that a clean-up works with."""
    if not call.has_arguments:
        raise Refused("no parameters specified for the command")
    arguments = call.map()
    if "filename" not in arguments:
        raise Refused("'filename' parameter not specified")
    name = arguments.get("filename")
    if not isinstance(name, str):
        raise Refused("'filename' parameter must be a string")
    try:
        path = Path(Restrictions.from_environment(enforce=server.restricted).lease_file(name))
    except ForbiddenPathError as error:
        raise Refused(f"'filename' parameter is invalid: {error}") from None
    files = CleanupFiles(Path(server.config.lease_database.path))
    if path in (files.copy, files.previous, files.completed, files.output, files.pid):
        raise Refused(f"'filename' parameter is invalid: '{path}' belongs to the clean-up of the lease file")
    return path
