"""`manage.py bench`: what the platform costs beside the same work as bare SQL (README, Performance).

Outside the layers of the service: nothing imports it, and its views exist in the bench's own server only.
"""
