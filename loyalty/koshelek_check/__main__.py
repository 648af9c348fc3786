"""`python -m loyalty.koshelek_check`: the checker without Django."""

import argparse
import datetime
import sys

from loyalty.koshelek_check import command_line


def main() -> int:
    """Run the checker with the arguments of the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="koshelek_check", description=command_line.HELP)
    command_line.add_arguments(parser)
    today = datetime.date.today()  # noqa: DTZ011 - the day of the machine is what a partner's engineer expects
    return command_line.run(vars(parser.parse_args()), today, sys.stdout, sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
