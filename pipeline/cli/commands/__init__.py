"""Every command of ``thads``: its arguments, options and help; what it does is imported when it runs.

The first line a person sees of a command is here, its work in the module of ``pipeline/cli`` that it imports.
"""
