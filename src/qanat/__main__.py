"""`python -m qanat` is the `qanat` command."""

import sys

from qanat.cli import main

if __name__ == "__main__":
    sys.exit(main())
