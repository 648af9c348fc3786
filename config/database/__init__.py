"""The PostgreSQL backend of Django, with an end to waiting for a server that stands still."""
