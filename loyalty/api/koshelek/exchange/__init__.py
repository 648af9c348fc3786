"""The other transport of the wallet API: files for partners without an online link (docs/koshelek_exchange.md)."""
