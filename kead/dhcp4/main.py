"""kead-dhcp4, the program."""

from __future__ import annotations

import json
import sys

from kead.config.json_schema import json_schema
from kead.config.reader import read_file
from kead.config.schema4 import File4
from kead.daemon import Launch, Program, run
from kead.daemon_messages import DaemonMessages
from kead.dhcp4.server import Server4


class Dhcp4(Program):
    """The DHCPv4 daemon."""

    name = Server4.program
    kea_name = "kea-dhcp4"
    protocol = Server4.protocol
    top_key = Server4.top_key
    messages = DaemonMessages("DHCP4", "dhcp4", "DHCPv4")

    async def check(self, launch: Launch, *, extra: bool) -> None:
        """See `Program`."""
        document = read_file(launch.config_file, Server4.keywords)
        await Server4.check(document, launch, self.messages, load_libraries=extra)

    def schema(self) -> str:
        """See `Program`."""
        return json.dumps(json_schema(File4, "kead-dhcp4 configuration"), indent=2)

    def make_server(self, launch: Launch) -> Server4:
        """See `Program`."""
        return Server4(launch, self, self.messages)


def main() -> int:
    """The console script."""
    return run(Dhcp4(), sys.argv)


if __name__ == "__main__":
    sys.exit(main())
