"""DHCPv6: the packets and options on the wire, the exchange with a client, the sockets and the daemon.

`packet`, `options`, `values` and `duid` are sans-IO and know only `kead.wire`; everything that decides what a client
gets stands on top of them. The files have the names and the roles of those of `kead.dhcp4`.
"""
