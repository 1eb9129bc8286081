"""The commands, each in the file of its name: it reads what the user names, calls the library, and writes.

In: arguments, files. Out: tables for eyes, one JSON document, files in a folder, pages.
"""
