"""The entry point of the 2018 system: the same flags, forwarded to `starcast train`."""

import sys

from starcast.cli import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]], of_2018=True)
