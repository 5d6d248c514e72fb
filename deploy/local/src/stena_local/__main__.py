"""`python -m stena_local` is the command `stena`."""

from stena_local.main import main

main()
