"""fit.py CONFIGURATION INTERFACE ADDRESS/LENGTH: a configuration of etc/, made to serve an interface's own network.

It is changed as text, so that its comments stay. Addresses are given from the upper half of the network (DHCPv6: from
the first 4096 of that half); prefixes are not delegated, since nobody here knows which are routed to us.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from pathlib import Path

MOST = 4096


def fit(config: str, interface: str, own: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> str:
    """The configuration, for this interface with this address. ValueError: its network is too small."""
    if own.network.num_addresses < 8:
        raise ValueError(f"{own}: too small a network to give addresses from")
    half = list(own.network.subnets())[1]
    first, last = half[0], half[-2] if own.version == 4 else half[-1]
    if first <= own.ip <= last:  # the longer of the two parts beside it
        first, last = max((first, own.ip - 1), (own.ip + 1, last), key=lambda part: int(part[1]) - int(part[0]))
    if own.version == 6:
        last = min(first + MOST - 1, last)
    config = re.sub(r',\s*//[^\n]*\s*"pd-pools": \[[^]]*\]', "", config)
    ours = {
        "*": interface,
        "eth0": interface,
        "192.0.2.0/24": own.network,
        "192.0.2.100 - 192.0.2.200": f"{first} - {last}",
        "192.0.2.1": own.ip,
        "2001:db8:1::/64": own.network,
        "2001:db8:1::1000 - 2001:db8:1::1fff": f"{first} - {last}",
        "2001:db8:1::1": own.ip,
    }
    for old, new in ours.items():
        config = re.sub(rf'^([^/\n]*)"{re.escape(old)}"', rf'\g<1>"{new}"', config, flags=re.MULTILINE)
    return config


if __name__ == "__main__":
    path, name, address = sys.argv[1:]
    try:
        print(fit(Path(path).read_text(), name, ipaddress.ip_interface(address)), end="")
    except ValueError as error:
        sys.exit(str(error))
