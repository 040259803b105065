"""The cartilla: a bilingual school primer that the project writes itself.

`model` says what an item is, one module per subject writes the items, `split`
keeps held-out questions away from training, `exam` asks and grades.
"""
