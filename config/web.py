"""How the web server is started, in the service and in `manage.py bench`: what is measured is what is shipped."""

# One blocking thread a worker, as measured: more of them only take the interpreter from each other.
FLAGS = (
    "--interface",
    "wsgi",
    "--blocking-threads",
    "1",
    "--no-ws",
    "--respawn-failed-workers",
    "--respawn-interval",
    "0.5",
    "--workers-kill-timeout",
    "4",
    "--log-level",
    "warning",
    "config.wsgi:application",
)
