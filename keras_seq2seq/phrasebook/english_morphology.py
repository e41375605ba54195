"""English word forms: plural, third person, past, -ing, and the indefinite article.

Irregular pasts and plurals are data and live in the lexicon; the rules here are the spelling.
"""

_VOWELS = "aeiou"
_SIBILANTS = ("s", "x", "z", "ch", "sh")
_IRREGULAR_PLURALS = {"child": "children", "man": "men", "woman": "women"}
# "a uniform" but "an umbrella"; "an hour" but "a house": sound, not spelling, decides.
_SOUNDED_AS_CONSONANT = ("uni", "eu", "one", "use")
_SOUNDED_AS_VOWEL = ("hour", "honest")
_AUXILIARIES_NOT = {"will": "won't", "can": "can't"}


def plural(noun: str) -> str:
    """The plural of a noun or of a noun group (its last word changes).

    >>> plural("police officer"), plural("box"), plural("story"), plural("child")
    ('police officers', 'boxes', 'stories', 'children')
    """
    head, _, last = noun.rpartition(" ")
    if last in _IRREGULAR_PLURALS:
        last = _IRREGULAR_PLURALS[last]
    elif last.endswith(("potato", "tomato")):
        last += "es"
    else:
        last = _add_s(last)
    return f"{head} {last}".strip()


def third_person(verb: str) -> str:
    """Present of he/she/it; in a verb group the first word changes.

    >>> third_person("watch"), third_person("go back"), third_person("study")
    ('watches', 'goes back', 'studies')
    """
    first, _, rest = verb.partition(" ")
    first = {"have": "has", "be": "is"}.get(first) or (
        first + "es" if first.endswith("o") else _add_s(first)
    )
    return f"{first} {rest}".strip()


def past(verb: str) -> str:
    """Regular past; in a verb group the first word changes.

    >>> past("wait for"), past("stop by"), past("study"), past("bake")
    ('waited for', 'stopped by', 'studied', 'baked')
    """
    first, _, rest = verb.partition(" ")
    if first.endswith("e"):
        first += "d"
    elif first.endswith("y") and first[-2] not in _VOWELS:
        first = first[:-1] + "ied"
    else:
        first = _double(first) + "ed"
    return f"{first} {rest}".strip()


def gerund(verb: str) -> str:
    """The -ing form; in a verb group the first word changes.

    >>> gerund("get up"), gerund("write"), gerund("listen to"), gerund("begin")
    ('getting up', 'writing', 'listening to', 'beginning')
    """
    first, _, rest = verb.partition(" ")
    if first.endswith("e") and not first.endswith("ee") and first != "be":
        first = first[:-1] + "ing"
    else:
        first = _double(first) + "ing"
    return f"{first} {rest}".strip()


def with_article(noun: str) -> str:
    """Puts "a" or "an" before a noun group.

    >>> with_article("apple"), with_article("red apple"), with_article("school uniform")
    ('an apple', 'a red apple', 'a school uniform')
    """
    vowel = noun[0] in _VOWELS and not noun.startswith(_SOUNDED_AS_CONSONANT)
    return f"{'an' if vowel or noun.startswith(_SOUNDED_AS_VOWEL) else 'a'} {noun}"


def contract_not(auxiliary: str) -> str:
    """The auxiliary with n't.

    >>> contract_not("does"), contract_not("will"), contract_not("can")
    ("doesn't", "won't", "can't")
    """
    return _AUXILIARIES_NOT.get(auxiliary, auxiliary + "n't")


def _add_s(word: str) -> str:
    if word.endswith(_SIBILANTS):
        return word + "es"
    if word.endswith("y") and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def _double(word: str) -> str:
    """Doubles the last letter of consonant-vowel-consonant words stressed at the end."""
    stressed = sum(letter in _VOWELS for letter in word) == 1 or word == "begin"
    closed = len(word) > 2 and word[-1] not in _VOWELS + "wxy" and word[-2] in _VOWELS
    return word + word[-1] if stressed and closed and word[-3] not in _VOWELS else word
