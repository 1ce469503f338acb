"""Lets the engine run as `python3 -m stun` where no launcher is installed."""

import sys

from stun.cli import main

sys.exit(main())
