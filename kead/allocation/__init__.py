"""Which address a client gets: what is taken, what is being offered, and who picks the next one."""
