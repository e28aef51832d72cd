"""What both families' sockets have in common: interfaces of this machine, channels, and keeping them open."""
