"""Elements of a Word document, built one inside the other."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

Element = Any
"""An element of python-docx, which is one of lxml: neither says what type it is."""

_SETTINGS = [qn(f"w:{name}") for name in ("keepNext", "pageBreakBefore", "numPr", "ind")]
"""The order that Word demands."""
_TAG = 64
_BOOKMARK = 40


def element(name: str, /, *children: Element, **attributes: str | int) -> Element:
    """The element `w:name` with attributes of the same namespace."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key.rstrip('_')}"), str(value))
    made.extend(children)
    return made


def run(text: str, *properties: Element) -> Element:
    """Text with its properties, every space of it kept."""
    words = element("t")
    words.text = text
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return element("r", element("rPr", *properties), words) if properties else element("r", words)


def mark(name: str, /, *properties: Element, **attributes: str | int) -> Element:
    """A run that holds one element without text: a tab, a break, a reference."""
    return element("r", *([element("rPr", *properties)] if properties else []), element(name, **attributes))


def paragraph(style: str, *content: Element, settings: tuple[Element, ...] = ()) -> Element:
    """A paragraph in a style, with settings of its own."""
    inside = sorted(settings, key=lambda setting: _SETTINGS.index(setting.tag))
    return element("p", element("pPr", element("pStyle", val=style), *inside), *content)


def field(code: str, shown: str = "1") -> Element:
    """A field that Word computes; what is shown stands there until it has."""
    return element("fldSimple", run(shown), instr=f" {code} ")


def control(name: str, label: str, number: int, *kind: Element, content: tuple[Element, ...]) -> Element:
    """A content control; `label` is what Word shows of it, `name` what programs find it by."""
    alias = (element("alias", val=label[:_TAG]),) if label else ()
    known = (element("tag", val=tag(name)),) if name else ()
    properties = element("sdtPr", *alias, *known, element("id", val=number), *kind)
    return element("sdt", properties, element("sdtContent", *content))


def tag(name: str) -> str:
    """The tag of the content control that has this name: the name itself, unless Word could not hold it."""
    return name if len(name) <= _TAG else f"{name[: _TAG - 9]}-{_digest(name)}"


def bookmark(name: str) -> str:
    """The bookmark that has this name; Word takes 40 letters, digits and underscores."""
    stem = re.sub(r"[^A-Za-z0-9]", "_", name)
    return f"a_{stem[: _BOOKMARK - 11]}_{_digest(name)}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]
