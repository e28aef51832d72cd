"""Reservations: who has one, and what is reserved for whom."""
