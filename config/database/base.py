"""The backend: settings name this package as ENGINE, Django looks for `DatabaseWrapper` here."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from config.database.patience import PROBE_SECONDS, Watch, connection_class

_watches: dict[str, Watch] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections of the pool do not wait for ever, and none is asked for while the server stands still."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what psycopg needs. The pool, where there is one, makes patient connections."""
        pool = self.settings_dict["OPTIONS"].get("pool")
        if isinstance(pool, dict):
            pool.setdefault("connection_class", connection_class(self._watch()))
        params: dict[str, Any] = super().get_connection_params()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection. Raises OperationalError at once while the server was found silent."""
        if self.settings_dict["OPTIONS"].get("pool"):
            self._watch().require_answering()
        return super().get_new_connection(conn_params)

    def _watch(self) -> Watch:
        return _watches.setdefault(self.alias, Watch(self._probe))

    def _probe(self) -> None:
        params = super().get_connection_params() | {"connect_timeout": PROBE_SECONDS}
        psycopg.connect(**params).close()
