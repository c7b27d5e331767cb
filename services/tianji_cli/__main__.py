"""`python -m tianji_cli`: the same as `tianji`."""

from tianji_cli.main import main

if __name__ == "__main__":
    main()
