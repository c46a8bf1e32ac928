#!/usr/bin/env python3
"""Writes the word lists of BIP-39, as Debian's python3-mnemonic has them, as C: what core/mnemonic.c reads.

usage: core/mnemonic_lists.py FOLDER-OF-LISTS FILE.c
"""
import pathlib
import sys
import unicodedata

LISTS = [("en", "english"), ("es", "spanish"), ("fr", "french")]
WORDS = 2048


def folded(text):
    """Without accents, in lower case: BIP-39 takes letters with and without accents for the same."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def read(folder, name):
    path = pathlib.Path(folder) / (name + ".txt")
    words = [unicodedata.normalize("NFC", word) for word in path.read_text("utf-8-sig").split()]
    plain = [folded(word) for word in words]
    if len(words) != WORDS or len({word[:4] for word in plain}) != WORDS or not all(w.isascii() and w.isalpha() for w in plain):
        sys.exit(f"{path} is no list of {WORDS} words that differ in their first four letters")
    return words, plain


def c_string(text):
    return '"' + "".join(chr(b) if b < 128 else f'\\{b:03o}' for b in text.encode()) + '"'


def main():
    lists = [(language, *read(sys.argv[1], name)) for language, name in LISTS]
    accented = sorted({c for _, words, _ in lists for word in words for c in word + word.upper() if not c.isascii()})
    out = ['/* Made by core/mnemonic_lists.py. */', '#include "core/mnemonic.h"', "",
           "const struct letter_fold LETTER_FOLDS[] = {"]
    out += [f"    {{{c_string(c)}, '{folded(c)}'}}," for c in accented]
    out += ['    {"", 0},', "};", "", "const struct word_list WORD_LISTS[] = {"]
    for language, words, plain in lists:
        out.append(f"    {{{c_string(language)},\n     {{")
        out += [f"         {{{c_string(word)}, {c_string(fold)}}}," for word, fold in zip(words, plain)]
        out.append("     }},")
    out += ["};", f"const size_t WORD_LIST_COUNT = {len(lists)};", ""]
    pathlib.Path(sys.argv[2]).write_text("\n".join(out))


if __name__ == "__main__":
    main()
