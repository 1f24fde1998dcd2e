"""`python -m cirt`: the command line."""

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()  # what is loaded stays: looking for waste in it again and again takes its time
    from cirt.cli import run

    gc.enable()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
