"""The version of the package, for the package itself and for what it writes into files."""

__version__ = "0.2.0"
