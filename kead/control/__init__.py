"""The management API: commands, their envelope and texts, and the sockets they come in by (Kea's control channel)."""
