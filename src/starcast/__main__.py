"""`python -m starcast`."""

from starcast.cli import main

if __name__ == "__main__":
    main()
