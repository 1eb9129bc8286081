"""What a name says: the name of a column, a key or a sheet, taken apart into quantity, sign, unit and owner.

In: one name, in any of the field's languages. Out: a `columns.Column`, its quantity empty where unknown.
It knows words and units, but neither tables nor numbers.
"""
