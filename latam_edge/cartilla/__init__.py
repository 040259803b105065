"""The cartilla: a bilingual school primer that the project writes itself.

what an item is        model; claims (yes or no), sourced (facts with sources)
how it is asked        phrasing, with the templates in data/phrasings/<subject>.toml
who writes the items   one module per subject, listed in subjects
    calendar_units     dates, counting, units, clock
    geography          countries, capitals, borders
    grammar            verb_forms, noun_forms
    others             manners, arithmetic, word_problems, translation, science, health, indigenous, culture
what lies outside      decline, with decline_templates, decline_fill, decline_gibberish
what is held out       normalize (when two questions are the same), split, pool
what comes of it       corpus and noise (to train on), exam, held_out, inside_other (to measure)

`model` says what an item is, one module per subject writes the items, `split`
keeps held-out questions away from training, `exam` asks and grades.
"""
