"""Plays the vendor's scenarios against any server that claims to implement the Koshelek Loyalty Online API.

It knows nothing of the platform around it: httpx, rich for the table, and the standard library. It can be lifted
out as it stands and run with `python -m`. docs/koshelek_check.md is its manual.
"""
