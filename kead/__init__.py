"""kead: a DHCPv4 and DHCPv6 server for Linux that takes ISC Kea's configuration and is programmed in Python."""

__version__ = "0.1.0"
