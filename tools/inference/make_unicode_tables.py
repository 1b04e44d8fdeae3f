#!/usr/bin/env python3
"""tools/inference/make_unicode_tables.py: writes the Unicode tables of the tokenizer, inference/*_tables.inc.

The ids of a text must be those of PyPI tokenizers (0.23.3), whose two parts know different Unicode
versions, measured code point by code point: its regular expressions (Oniguruma 6.9.10) know 16.0,
its normaliser 9.0. Python 3.11's unicodedata is 14.0, so what came later is added to the letters
and numbers, and what came after 9.0 is left out of the normalisation. Hangul is not in the tables;
it is computed.
"""
import pathlib
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2] / "inference"
CODES = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
# Assigned in Unicode 15.0, 15.1 and 16.0.
LATER = {
    "L": [(0x1C89, 0x1C8A), (0xA7CB, 0xA7CD), (0xA7DA, 0xA7DC), (0x105C0, 0x105F3),
          (0x10D4A, 0x10D65), (0x10D6F, 0x10D85), (0x10EC2, 0x10EC4), (0x1123F, 0x11240),
          (0x11380, 0x11389), (0x1138B, 0x1138B), (0x1138E, 0x1138E), (0x11390, 0x113B5),
          (0x113B7, 0x113B7), (0x113D1, 0x113D1), (0x113D3, 0x113D3), (0x11BC0, 0x11BE0),
          (0x11F02, 0x11F02), (0x11F04, 0x11F10), (0x11F12, 0x11F33), (0x1342F, 0x1342F),
          (0x13441, 0x13446), (0x13460, 0x143FA), (0x16100, 0x1611D), (0x16D40, 0x16D6C),
          (0x18CFF, 0x18CFF), (0x1B132, 0x1B132), (0x1B155, 0x1B155), (0x1DF25, 0x1DF2A),
          (0x1E030, 0x1E06D), (0x1E4D0, 0x1E4EB), (0x1E5D0, 0x1E5ED), (0x1E5F0, 0x1E5F0),
          (0x2B739, 0x2B739), (0x2EBF0, 0x2EE5D), (0x31350, 0x323AF)],
    "N": [(0x10D40, 0x10D49), (0x116D0, 0x116E3), (0x11BF0, 0x11BF9), (0x11F50, 0x11F59),
          (0x16130, 0x16139), (0x16D70, 0x16D79), (0x1CCF0, 0x1CCF9), (0x1D2C0, 0x1D2D3),
          (0x1E4F0, 0x1E4F9), (0x1E5F1, 0x1E5FA)],
}
# With a combining class in Unicode 14.0 and without one in 9.0.
UNKNOWN_TO_NFC = [
    (0x7FD, 0x7FD), (0x898, 0x89F), (0x8CA, 0x8D3), (0x9FE, 0x9FE), (0xC3C, 0xC3C),
    (0xD3B, 0xD3C), (0xEBA, 0xEBA), (0x1715, 0x1715), (0x1ABF, 0x1ACE), (0x1DF6, 0x1DFA),
    (0xA82C, 0xA82C), (0x10D24, 0x10D27), (0x10EAB, 0x10EAC), (0x10F46, 0x10F50),
    (0x10F82, 0x10F85), (0x11070, 0x11070), (0x1133B, 0x1133B), (0x1145E, 0x1145E),
    (0x11839, 0x1183A), (0x1193D, 0x1193E), (0x11943, 0x11943), (0x119E0, 0x119E0),
    (0x11A34, 0x11A34), (0x11A47, 0x11A47), (0x11A99, 0x11A99), (0x11D42, 0x11D42),
    (0x11D44, 0x11D45), (0x11D97, 0x11D97), (0x16FF0, 0x16FF1), (0x1E130, 0x1E136),
    (0x1E2AE, 0x1E2AE), (0x1E2EC, 0x1E2EF),
]
UNKNOWN_COMPOSITE = 0x11938  # Of Unicode 13.0.
# White_Space; unicodedata does not have the property under its own name.
SPACES = [(9, 13), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
          (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)]


def within(code, pairs):
    return any(first <= code <= last for first, last in pairs)


def combining(code):
    """The combining class in Unicode 9.0."""
    value = unicodedata.combining(chr(code))
    return value if value and not within(code, UNKNOWN_TO_NFC) else 0


def ranges(value_of):
    """[first, last, value] for each run of code points with one value that is not false."""
    found = []
    for code in CODES:
        value = value_of(code)
        if not value:
            continue
        if found and found[-1][1] == code - 1 and found[-1][2] == value:
            found[-1][1] = code
        else:
            found.append([code, code, value])
    return found


def rows_of(name, kind, rows):
    """One array; lines of at most 100 columns."""
    yield f"inline constexpr {kind} {name}[] = {{"
    line = "   "
    for row in rows:
        item = " {" + ", ".join(f"0x{n:X}" for n in row) + "},"
        if len(line) + len(item) > 100:
            yield line
            line = "   "
        line += item
    yield line
    yield "};"


def write(name, arrays):
    lines = ["// Made by tools/inference/make_unicode_tables.py, which says from which Unicode; do not edit."]
    for array in arrays:
        lines += array
    (ROOT / name).write_text("\n".join(lines) + "\n")


def decompositions():
    for code in CODES:
        text = unicodedata.decomposition(chr(code))
        if code != UNKNOWN_COMPOSITE and text and not text.startswith("<"):
            parts = [int(part, 16) for part in text.split()]
            yield [code] + parts + [0] * (2 - len(parts))


def main():
    assert unicodedata.unidata_version == "14.0.0", "needs Python 3.11's unicodedata"
    mapped = list(decompositions())
    composed = sorted([first, second, code] for code, first, second in mapped
                      if second and unicodedata.normalize("NFC", chr(code)) == chr(code))
    classes = ranges(combining)
    write("nfc_tables.inc", [rows_of("kDecompositions", "Decomposition", mapped),
                             rows_of("kCompositions", "Composition", composed),
                             rows_of("kCombiningClasses", "CombiningClass", classes)])
    category = {code: unicodedata.category(chr(code))[0] for code in CODES}
    for letter, later in LATER.items():
        category.update((code, letter) for first, last in later for code in range(first, last + 1))
    classes = [("kLetters", "L"), ("kNumbers", "N")]
    pairs = [(name, [run[:2] for run in ranges(lambda code: category[code] == letter)])
             for name, letter in classes]
    write("character_tables.inc", [rows_of(name, "CodeRange", rows)
                                   for name, rows in [*pairs, ("kSpaces", SPACES)]])
    return 0


if __name__ == "__main__":
    sys.exit(main())
