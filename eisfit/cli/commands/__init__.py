"""The commands: each file reads what the user names, calls the library, and writes; nothing else.

In: arguments, files. Out: tables for eyes, one JSON document, files in a folder, pages.
"""
