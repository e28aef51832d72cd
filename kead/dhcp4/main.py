"""kead-dhcp4, the program."""

from __future__ import annotations

import sys

from kead.config.reader import read_file
from kead.config.schema4 import KEYWORDS
from kead.daemon import Launch, Program, run
from kead.daemon_messages import DaemonMessages
from kead.dhcp4.hook_points import POINTS
from kead.dhcp4.server import Server4, check
from kead.hooks.instance import Host


class Dhcp4(Program):
    """The DHCPv4 daemon."""

    name = "kead-dhcp4"
    kea_name = "kea-dhcp4"
    protocol = "DHCPv4"
    top_key = "Dhcp4"
    messages = DaemonMessages("DHCP4", "dhcp4", "DHCPv4")

    async def check(self, launch: Launch, *, extra: bool) -> None:
        """See `Program`."""
        await check(read_file(launch.config_file, KEYWORDS), launch, Host(self.name, POINTS), load_libraries=extra)

    def make_server(self, launch: Launch) -> Server4:
        """See `Program`."""
        return Server4(launch, self, self.messages)


def main() -> int:
    """The console script."""
    return run(Dhcp4(), sys.argv)


if __name__ == "__main__":
    sys.exit(main())
