"""The command line ``thads``: one module a command, all of them thin."""
