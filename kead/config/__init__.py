"""Configuration: Kea's JSON dialect with positions, the typed schema, inheritance, and the snapshot packets see.

`reader` turns text into a tree with positions, `schema4` says which keywords there are, `resolve4` works one
document out into a `snapshot4.Config4`. Nothing here keeps state: a reload makes a new snapshot beside the old.
"""
