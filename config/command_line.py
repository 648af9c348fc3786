"""What every command does around Django: it reaches the servers, and says in one line what cannot work."""

import sys

from config import embedded, env, preflight
from config.embedded.faults import CannotStart, first_line
from config.env import BadSetting

# These never touch a database: no server is started for them.
_NEED_NOTHING = frozenset(
    {"help", "version", "--help", "-h", "--version", "startapp", "startproject", "koshelek_check"}
)

# These may run where the given database cannot be reached, on a machine that only builds a release.
_NEED_NO_DATABASE = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "makemessages",
        "makemigrations",
        "spectacular",
    }
)


def run(arguments: list[str]) -> int:
    """Run `manage.py` with these arguments and return the exit code."""
    name = arguments[1] if len(arguments) > 1 else "help"
    try:
        if name == "serve":
            from config import supervisor

            return supervisor.serve(arguments[2:])
        if name not in _NEED_NOTHING:
            _reach_servers(name)
        return _run_django(arguments)
    except (BadSetting, CannotStart) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


def _reach_servers(name: str) -> None:
    """Start or join the servers of DATA_DIR, or make sure at once that the given database can be used."""
    given_database = env.text("DATABASE_URL")
    if given_database and name not in _NEED_NO_DATABASE:
        preflight.check_database(given_database)
    embedded.attach(embedded.default_data_dir())


def _run_django(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(arguments)
    except OperationalError as error:
        if "--traceback" in arguments:
            raise
        raise CannotStart(f"database: {first_line(str(error), 'unreachable')}") from error
    except OSError as error:
        # The client of the broker derives its connection errors from neither OSError nor Django's.
        if "--traceback" in arguments:
            raise
        raise CannotStart(f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")) from error
    except Exception as error:
        if "--traceback" in arguments or not _is_broker_down(error):
            raise
        raise CannotStart(f"broker: {first_line(str(error), 'unreachable')}") from error
    return 0


def _is_broker_down(error: Exception) -> bool:
    """Return whether the error says that Redis or Valkey cannot be reached."""
    names = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    return bool(names & {"redis.exceptions.ConnectionError", "kombu.exceptions.OperationalError"})
