"""`make strings` and its check: collect message ids, keep the catalogues in step, compile them."""

import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "cirt" / "translations"
LANGUAGES = ("ar",)
# Babel's own header for Arabic swaps the forms for 11–99 and 100–102; this is the usual one
PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"
}


def collect() -> polib.POFile:
    """Return every message id of the code and the templates."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "messages.pot"
        subprocess.run(
            [
                Path(sys.executable).parent / "pybabel", "-q", "extract", "-F", "babel.cfg", "--no-wrap",
                "-k", "_", "-k", "N_", "-k", "gettext", "-k", "ngettext:1,2",
                "--sort-output", "--no-location", "-o", str(target), ".",
            ],
            check=True,
            cwd=ROOT,
        )  # fmt: skip
        return polib.pofile(str(target))


def catalogue(language: str) -> Path:
    """Return the path of a language's catalogue."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def update() -> None:
    """Bring every catalogue in step with the sources and compile it."""
    ids = collect()
    for language in LANGUAGES:
        path = catalogue(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = polib.pofile(str(path)) if path.exists() else polib.POFile()
        translated = {(entry.msgctxt, entry.msgid): entry for entry in kept}
        fresh = polib.POFile(wrapwidth=0)
        fresh.metadata = {
            "Language": language,
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
            "Plural-Forms": PLURALS[language],
        }
        for entry in ids:
            old = translated.get((entry.msgctxt, entry.msgid))
            fresh.append(
                polib.POEntry(
                    msgid=entry.msgid,
                    msgid_plural=entry.msgid_plural,
                    msgctxt=entry.msgctxt,
                    msgstr=old.msgstr if old else "",
                    msgstr_plural=(old.msgstr_plural if old else dict.fromkeys(range(6), ""))
                    if entry.msgid_plural
                    else {},
                    flags=entry.flags,
                )
            )
        fresh.save(str(path))
        fresh.save_as_mofile(str(path.with_suffix(".mo")))


def problems() -> list[str]:
    """Return what is missing, stale or not compiled in the catalogues."""
    found: list[str] = []
    ids = {(entry.msgctxt, entry.msgid) for entry in collect()}
    for language in LANGUAGES:
        path = catalogue(language)
        entries = {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path))}
        found += [
            f"{language}: not collected: {msgid!r}"
            for _, msgid in sorted(ids - set(entries), key=str)
        ]
        found += [
            f"{language}: no longer used: {msgid!r}"
            for _, msgid in sorted(set(entries) - ids, key=str)
        ]
        for entry in entries.values():
            texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
            if not all(texts) or "fuzzy" in entry.flags:
                found.append(f"{language}: not translated: {entry.msgid!r}")
            names = {part.split(")")[0] for part in entry.msgid.split("%(")[1:]}
            for text in texts:
                if not {part.split(")")[0] for part in text.split("%(")[1:]} <= names | {"num"}:
                    found.append(f"{language}: other placeholders: {entry.msgid!r}")
            if (
                not entry.msgid_plural
                and entry.msgstr
                and names - {part.split(")")[0] for part in entry.msgstr.split("%(")[1:]}
            ):
                found.append(f"{language}: a placeholder is missing: {entry.msgid!r}")
        compiled = path.with_suffix(".mo")
        with tempfile.NamedTemporaryFile(suffix=".mo") as file:
            polib.pofile(str(path)).save_as_mofile(file.name)
            if not compiled.exists() or Path(file.name).read_bytes() != compiled.read_bytes():
                found.append(f"{language}: the compiled catalogue is not of these sources")
    return found


def main() -> int:
    """Run `update` or `check`."""
    if sys.argv[1:] == ["update"]:
        update()
        return 0
    found = problems()
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} problem(s): run `make strings`, translate, and run it again")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
