"""Dynamic DNS from the DHCP servers' side: name change requests, and how they get to the daemon that updates DNS."""
