"""On which terms a subnet serves usual clients: its lifetimes, timers and options, made ready for the express lane.

Nothing is decided here. What an exchange works out anew for every packet of a subnet is kept, as the functions that
`serve` calls give it: lifetimes, T1 and T2, and which configured options stand where in a reply.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from kead.config.snapshot6 import Subnet6
from kead.dhcp6.glance import HEAD
from kead.dhcp6.lifetimes import lifetimes, tee_times
from kead.dhcp6.options import CLIENTID, IA_NA, IA_PD, IAADDR, IAPREFIX, RAPID_COMMIT, SERVERID
from kead.dhcp6.packet import encode_option
from kead.dhcp6.reply import Templates

Joints = tuple[bytes, bytes, bytes, bytes]
"""What stands in a reply before the client's DUID, between that and the IA_NA, between that and the IA_PD, and after
it."""

_MOST_JOINTS: Final = 1024
_MOST_TIMES: Final = 256
_ADDRESS: Final = Struct("!HH4sIIHH16sII").pack
_PREFIX: Final = Struct("!HH4sIIHHIIB16s").pack


class Terms:
    """Those of one subnet, which is in no shared network.

    delegated   the length that all its prefix pools delegate, 0 if there are several
    """

    __slots__ = ("_joints", "_lifetimes", "_server", "_tee_times", "_templates", "delegated", "subnet")

    def __init__(self, subnet: Subnet6, templates: Templates, duid: bytes) -> None:
        self.subnet = subnet
        lengths = {pool.delegated_length for pool in subnet.pd_pools}
        self.delegated = lengths.pop() if len(lengths) == 1 else 0
        self._templates = templates
        self._server = encode_option(SERVERID, duid)
        self._joints: dict[tuple[bytes, bool, bool, bool], Joints] = {}
        self._lifetimes: dict[tuple[int, int], tuple[int, int]] = {}
        self._tee_times: dict[int, tuple[int, int]] = {}

    def lifetimes(self, preferred: int, valid: int) -> tuple[int, int]:
        """Preferred and valid lifetime for a client that asks for these (0: for nothing)."""
        asked = (preferred, valid)
        found = self._lifetimes.get(asked)
        if found is None:
            found = lifetimes(self.subnet, preferred, valid)
            if len(self._lifetimes) < _MOST_TIMES:
                self._lifetimes[asked] = found
        return found

    def address(self, iaid: bytes, address: int, preferred: int, valid: int) -> bytes:
        """The IA_NA of a reply, with one address."""
        t1, t2 = self._tee_times.get(preferred) or self._tee(preferred)
        return _ADDRESS(IA_NA, 40, iaid, t1, t2, IAADDR, 24, address.to_bytes(16, "big"), preferred, valid)

    def prefix(self, iaid: bytes, address: int, length: int, preferred: int, valid: int) -> bytes:
        """The IA_PD of a reply, with one prefix."""
        t1, t2 = self._tee_times.get(preferred) or self._tee(preferred)
        return _PREFIX(IA_PD, 41, iaid, t1, t2, IAPREFIX, 25, preferred, valid, length, address.to_bytes(16, "big"))

    def _tee(self, preferred: int) -> tuple[int, int]:
        times = tee_times(self.subnet, preferred)
        if len(self._tee_times) < _MOST_TIMES:
            self._tee_times[preferred] = times
        return times

    def joints(self, oro: bytes, with_address: bool, with_prefix: bool, rapid: bool) -> Joints | None:
        """What goes between a client's own options in the reply to one with this ORO (the whole option, b"" for none).

        None: no such reply has been composed yet.
        """
        key = (oro, with_address, with_prefix, rapid)
        found = self._joints.get(key)
        if found is None:
            own = [CLIENTID, SERVERID]
            if with_address:
                own.append(IA_NA)
            if rapid:
                own.append(RAPID_COMMIT)
            if with_prefix:
                own.append(IA_PD)
            template = self._templates.get((self.subnet, oro[HEAD:], *own))
            if template is None:
                return None
            before, after_client, after_server, after_address, after_status, after_rapid, after_prefix, last = template
            found = (
                before,
                after_client + self._server + after_server,
                after_address + after_status + (encode_option(RAPID_COMMIT, b"") if rapid else b"") + after_rapid,
                after_prefix + last,
            )
            if len(self._joints) >= _MOST_JOINTS:
                self._joints.clear()  # clients that ask for ever other lists must not fill the memory
            self._joints[key] = found
        return found
