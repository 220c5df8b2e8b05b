"""Answers questions about packaging standards by the `packaging` library: a JSON list in, a JSON list of answers out."""
import email
import json
import re
import sys

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


def version(text):
    parsed = Version(text)
    return [str(parsed), parsed.public, parsed.local, parsed.is_prerelease]


def compare(left, right):
    a, b = Version(left), Version(right)
    return (a > b) - (a < b)


def contains(specifiers, text, prereleases):
    return SpecifierSet(specifiers).contains(text, prereleases=prereleases)


def filtered(specifiers, texts, prereleases):
    return list(SpecifierSet(specifiers).filter(texts, prereleases=prereleases))


def same_specifiers(left, right):
    # As sets: `SpecifierSet.__eq__` sorts by spelling first, so that it takes equal sets for different now and then.
    return set(SpecifierSet(left)) == set(SpecifierSet(right))


def name(text):
    return canonicalize_name(text, validate=True)


def requirement(text):
    parsed = Requirement(text)
    clauses = sorted({str(clause) for clause in parsed.specifier})
    marker = None if parsed.marker is None else str(parsed.marker)
    return [parsed.name, sorted(parsed.extras), parsed.url, clauses, marker]


def same_requirement(left, right):
    a, b = Requirement(left), Requirement(right)
    same = set(a.specifier) == set(b.specifier)
    a.specifier = b.specifier = SpecifierSet()
    return same and a == b


def marker(text, environment):
    parsed = Marker(text)
    try:
        return bool(parsed.evaluate(environment))
    except (UndefinedComparison, UndefinedEnvironmentName, KeyError, InvalidVersion):
        return "undefined"


def license_expression(text):
    from packaging.licenses import canonicalize_license_expression

    return canonicalize_license_expression(text)


def spdx():
    from packaging.licenses._spdx import EXCEPTIONS, LICENSES

    return [[one["id"] for one in every.values()] for every in (LICENSES, EXCEPTIONS)]


def headers(text):
    """Headers and body as pip and importlib.metadata read them."""
    message = email.message_from_string(text)
    # Blanks at the end, and how a line ends within a value, mean nothing to anybody.
    plain = lambda value: re.sub(r"\r\n?", "\n", str(value)).rstrip()
    values = {name.lower(): [plain(value) for value in message.get_all(name)] for name in message.keys()}
    return [sorted(values.items()), message.get_payload()]


def answer(question):
    kind, *values = question
    try:
        return globals()[kind](*values)
    except Exception as error:
        return {"refused": type(error).__name__}


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
