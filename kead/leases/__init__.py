"""Leases and where they live: what a lease is, the store interface, and the stores."""
