"""kead-dhcp6, the program."""

from __future__ import annotations

import json
import sys

from kead.config.json_schema import json_schema
from kead.config.reader import read_file
from kead.config.schema6 import File6
from kead.daemon import Launch, Program, run
from kead.daemon_messages import DaemonMessages
from kead.dhcp6.server import Server6


class Dhcp6(Program):
    """The DHCPv6 daemon."""

    name = Server6.program
    kea_name = "kea-dhcp6"
    protocol = Server6.protocol
    top_key = Server6.top_key
    messages = DaemonMessages("DHCP6", "dhcp6", "DHCPv6")

    async def check(self, launch: Launch, *, extra: bool) -> None:
        """See `Program`."""
        document = read_file(launch.config_file, Server6.keywords)
        await Server6.check(document, launch, self.messages, load_libraries=extra)

    def schema(self) -> str:
        """See `Program`."""
        return json.dumps(json_schema(File6, "kead-dhcp6 configuration"), indent=2)

    def make_server(self, launch: Launch) -> Server6:
        """See `Program`."""
        return Server6(launch, self, self.messages)


def main() -> int:
    """The console script."""
    return run(Dhcp6(), sys.argv)


if __name__ == "__main__":
    sys.exit(main())
