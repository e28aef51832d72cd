"""Sans-IO: addresses, option types, the tables of options and their texts, DNS names.

Nothing here knows a socket, a clock, a configuration or any other part of kead. Bytes and text go in, bytes and
text come out, and wrong input raises a ValueError of the module's own.
"""
