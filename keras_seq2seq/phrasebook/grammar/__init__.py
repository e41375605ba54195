"""The grammar behind the phrasebook: words, noun phrases, events, predicates and sentences."""
