"""The page for the browser: a report in one file, `eisfit view`, and the build that runs in the browser.

Every function takes plain documents and returns the text of a page, which loads nothing from outside: its
Content-Security-Policy forbids it.
"""
