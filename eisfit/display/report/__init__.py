"""Results in words: text for terminals, HTML for notebooks, CSV, Markdown and LaTeX.

Every function takes the plain documents that the results' ``to_dict()`` give and returns a string.
"""
