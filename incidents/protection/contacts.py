"""E-mail addresses, accounts, folders of users, credentials in URLs, postal addresses, places."""

import re
from collections.abc import Iterator
from typing import Final

from cirt.incidents.protection import cues
from cirt.incidents.protection.hits import Hit
from cirt.incidents.protection.kinds import Kind
from cirt.incidents.protection.word_lists import word_set
from cirt.stix.domains import FILE_EXTENSIONS, TOP_LEVEL_DOMAINS

_USERINFO: Final = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.*-]{1,20}+://([^\s/@?#\"'<>]{1,200}+)@",
    re.IGNORECASE,
)
_LATIN: Final = "A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_LOCAL_LATIN: Final = re.compile(rf"[{_LATIN}0-9_.!#$%&'*+/=?^`{{|}}~-]")
_LOCAL_ANY: Final = re.compile(r"[\w.+-]")
_DOMAIN_LATIN: Final = re.compile(
    rf"[{_LATIN}0-9][{_LATIN}0-9_-]{{0,62}}+(?:\.[{_LATIN}0-9_-]{{1,63}}+)++"
)
_DOMAIN_ANY: Final = re.compile(r"\w[\w-]{0,62}+(?:\.[\w-]{1,63}+)++")
_LITERAL: Final = re.compile(r"\[[0-9A-Fa-f.:]{3,45}\]")
_QUOTED: Final = re.compile(r'"[^"@\n]{1,62}"$')
_IMAGES: Final = word_set("png jpg jpeg gif svg webp ico css map ts tsx woff woff2")
_SPOKEN: Final = re.compile(
    r"(?<![\w.@])(\w[\w.+-]{0,60}) (?:at|à|arroba|chez|собака) "
    r"([\w-]{1,60}(?:(?: (?:dot|punto|point|точка) |\.)[\w-]{2,60}){1,4})(?![\w@])",
    re.IGNORECASE,
)
_SPOKEN_DOT: Final = re.compile(r" (?:dot|punto|point|точка) ", re.IGNORECASE)
_SURE_AT: Final = re.compile(r" (?:arroba|собака) ", re.IGNORECASE)

_PSEUDONYM: Final = re.compile(r"[a-z]{2,12}-[0-9A-Za-z]{6}(?:@pseudonym\.invalid|\.invalid)?")
_DOMAIN_ACCOUNT: Final = re.compile(
    r"(?<![\w\\.:/-])([A-Z][A-Z0-9-]{1,14})\\([^\W\d][\w.$-]{1,30})(?![\w\\])"
)
_NO_DOMAIN: Final = word_set("HKLM HKCU HKCR HKU HKCC BUILTIN AUTHORITY PIPE DEVICE SYSTEM32")
_HANDLE: Final = re.compile(r"(?<![\w@./:;=\\-])@([A-Za-z_][A-Za-z0-9_.]{1,29})(?![\w@/(-])")
_NO_HANDLE: Final = word_set(
    "media import font charset echo param return returns override here everyone channel all types "
    "deprecated property staticmethod include keyframes supports see since author version at"
)
_LOGIN: Final = re.compile(
    rf"(?<![{_LATIN}а-яёА-ЯЁء-ي_-])(?:{cues.ACCOUNT})[ ]?(?:[:=：]|\bis\b)[ ]?[\"'“«]?"
    r"(?P<name>[^\W_][\w.$-]{1,40})(?![\w@\\:/])",
    re.IGNORECASE,
)
_FOLDER: Final = re.compile(
    r"(?:(?<=[:/\\A-Za-z0-9])|(?<![\w]))[\\/]"
    r"(?:Users|Documents[ ]and[ ]Settings|home|Utilisateurs|Usuarios|Benutzer|export/home)[\\/]+"
    r"(?P<name>[^\\/:*?\"<>|\s,;،]{1,64}+(?:[ ][^\\/:*?\"<>|\s]{1,40}+){0,2}(?=[\\/])"
    r"|[^\\/:*?\"<>|\s,;،)\]'’”»]{1,64}+)",
    re.IGNORECASE,
)
_NOBODY: Final = word_set("""
    public default defaultuser0 all all_users default_user administrator admin root system guest
    user username users name nobody runner ubuntu www-data git localservice networkservice shared
    utilisateur usuario someone anonymous everyone none null unknown yes no true false пользователь
    disabled enabled locked active inactive deleted created compromised required inconnu desconocida
    désactivé
    """)
"""Accounts that every machine has, and words that stand for a name."""

_COORDINATES: Final = re.compile(
    r"(?<![\w.])[+-]?(?P<lat>\d{1,2})\.\d{3,}[ ]?(?:°[ ]?)?[NS]?[,;][ ]?"
    r"[+-]?(?P<lon>\d{1,3})\.\d{3,}(?:[ ]?°)?[ ]?[EW]?(?!\w|\.\d)"
    r"|(?<!\d)\d{1,2}°[ ]?\d{1,2}['′’][ ]?(?:\d{1,2}(?:\.\d+)?(?:\"|″|”|'')[ ]?)?[NSС][,;]?[ ]?"
    r"\d{1,3}°[ ]?\d{1,2}['′’][ ]?(?:\d{1,2}(?:\.\d+)?(?:\"|″|”|'')[ ]?)?[EWOВ]"
)
_ADDRESS_CUE: Final = re.compile(
    rf"(?P<before>[\w-]{{1,20}}[ ]?)?(?<![{_LATIN}а-яё])(?:{cues.POSTAL})[ ]?"
    r"(?P<colon>[:：]|(?<=at)|(?<=en)|(?<=ant)|(?<=住在)|(?<=يسكن)|(?<=تسكن)|(?<=يقيم)|(?<=تقيم))[ ]?"
    r"(?P<rest>[^\n;؛；。|<>]{5,120})",
    re.IGNORECASE,
)
_OTHER_ADDRESS: Final = re.compile(
    r"(?:ip|ipv4|ipv6|mac|e-?mail|mail|web|url|btc|bitcoin|wallet|email|network|host|source|"
    r"destination|remote|local|server|memory|base|c2)[ -]?$",
    re.IGNORECASE,
)
_NOT_POSTAL: Final = re.compile(
    r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|@|://|0x[0-9a-f]|\b[0-9A-Fa-f]{20,}\b|::|(?:[0-9a-f]{2}:){5}"
)
_STREET: Final = re.compile(
    r"(?<![\w.-])\d{1,5}(?:[ ]?(?:bis|ter|[A-D]))?,?[ ]"
    r"(?:(?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|allée|quai)"
    r"[ ](?:(?:de|du|des|la|le|les|l['’]|d['’])[ ]?){0,3}[A-ZÀ-Ý][\w'’-]+(?:[ -][A-ZÀ-Ý][\w'’-]+){0,3}"
    r"|[A-Z][\w'’-]+(?:[ ][A-Z][\w'’-]+){0,2}[ ]"
    r"(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Boulevard|Blvd\.?|Square)\b)"
    r"|(?<!\w)(?:Calle|Avenida|Avda\.|Plaza|Carrera|Paseo)[ ](?:(?:de|del|la|los|las|el)[ ]){0,3}"
    r"[A-ZÁÉÍÓÚÑ0-9][\w'’-]*(?:[ ][A-ZÁÉÍÓÚÑ][\w'’-]+){0,3},?[ ](?:n\.?º?[ ]?|#[ ]?|núm\.[ ]?)?\d{1,5}"
    r"|(?<!\w)(?:ул\.|улица|улице|улицы|проспект|проспекте|пр-т|пр\.|переулок|пер\.|бульвар)[ ]"
    r"[А-ЯЁ][\w.-]+(?:[ ][А-ЯЁ][\w-]+){0,2},?[ ](?:д\.?[ ]?|дом[ ])?\d{1,4}\w?"
    r"(?:,?[ ](?:кв\.?|квартира)[ ]?\d{1,4})?"
    r"|(?<![ء-ي])[بو]?شارع[ ][ء-ي]+(?:[ ][ء-ي]+){0,2}،?[ ](?:رقم[ ]|مبنى[ ]|عمارة[ ])?\d{1,5}"
    r"|[\u4e00-\u9fff]{0,12}?[\u4e00-\u9fff]{1,6}(?:路|街|大道|巷|弄)\d{1,5}号?(?:\d{1,4}[室楼])?"
)


def credentials(text: str) -> Iterator[Hit]:
    """Names and passwords in URLs (RFC 3986, section 3.2.1)."""
    for match in _USERINFO.finditer(text):
        yield Hit(Kind.URL_USERINFO, match.start(1), match.end(1))


def emails(text: str) -> Iterator[Hit]:
    """E-mail addresses, internationalised (RFC 6532) and spoken ("name at example dot org") too."""
    position = text.find("@")
    while position >= 0:
        end = _domain_end(text, position + 1)
        start = _local_start(text, position) if end else position
        if start < position:
            yield Hit(Kind.EMAIL, start, end)
        position = text.find("@", max(end, position + 1))
    for match in _SPOKEN.finditer(text):
        if not (_SPOKEN_DOT.search(match[0]) or _SURE_AT.search(match[0])):
            continue
        domain = _SPOKEN_DOT.sub(".", match[2])
        if _is_ending(domain.rpartition(".")[2]):
            yield Hit(Kind.EMAIL, match.start(), match.end(), f"{match[1]}@{domain}")


def _domain_end(text: str, start: int) -> int:
    """Return where the domain ends that begins here, 0 if there is none."""
    if literal := _LITERAL.match(text, start):
        return literal.end()
    match = _DOMAIN_LATIN.match(text, start) or _DOMAIN_ANY.match(text, start)
    if match is None:
        return 0
    name = match[0].rstrip("-_")
    while not _is_ending(name.rpartition(".")[2]):
        name = name.rpartition(".")[0]
        if "." not in name:
            return 0
    return start + len(name)


def _is_ending(label: str) -> bool:
    label = label.lower()
    if label in TOP_LEVEL_DOMAINS:
        return True
    known = FILE_EXTENSIONS | _IMAGES
    return len(label) >= 2 and label.replace("-", "").isalpha() and label not in known


def _local_start(text: str, at: int) -> int:
    if quoted := _QUOTED.search(text, max(0, at - 64), at):
        return quoted.start()
    fits = _LOCAL_LATIN if _LOCAL_LATIN.fullmatch(text[at - 1 : at]) else _LOCAL_ANY
    start = at
    while start > max(0, at - 64) and fits.match(text[start - 1]):
        start -= 1
    # marks in front of an address in running text: quotes, brackets, "mailto:", "key="
    while start < at and text[start] in ".'`*{|}=/&?#!-":
        start += 1
    return max(start, text.rfind("=", start, at) + 1, text.rfind("/", start, at) + 1)


def accounts(text: str) -> Iterator[Hit]:
    """Names of accounts: DOMAIN\\user, @handle, "login: user"."""
    for match in _DOMAIN_ACCOUNT.finditer(text):
        ending = match[2].rpartition(".")[2].lower()
        if match[1] not in _NO_DOMAIN and not ("." in match[2] and ending in FILE_EXTENSIONS):
            yield Hit(Kind.ACCOUNT, match.start(), match.end())
    for match in _HANDLE.finditer(text):
        name = match[1].rstrip(".")
        if name.lower() not in _NO_HANDLE:
            yield Hit(Kind.ACCOUNT, match.start(), match.start() + 1 + len(name))
    for match in _LOGIN.finditer(text):
        name = match["name"].rstrip(".-")
        if is_somebody(name) and not name.isdigit():
            yield Hit(Kind.ACCOUNT, match.start("name"), match.start("name") + len(name))


def folders(text: str) -> Iterator[Hit]:
    """Names of users in the names of folders."""
    for match in _FOLDER.finditer(text):
        name = match["name"].rstrip(".")
        if is_somebody(name) and not re.search(r"[%${}*]", name):
            yield Hit(Kind.ACCOUNT, match.start("name"), match.start("name") + len(name))


def is_somebody(name: str) -> bool:
    """Whether the name of an account may be a person's: not root, not a pseudonym of ours."""
    name = name.strip()
    known = name.lower().replace(" ", "_") in _NOBODY
    return len(name) > 1 and not known and not _PSEUDONYM.fullmatch(name)


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of our own pseudonyms."""
    return _PSEUDONYM.fullmatch(text) is not None


def places(text: str) -> Iterator[Hit]:
    """Postal addresses and coordinates."""
    for match in _COORDINATES.finditer(text):
        if match["lat"] is None or (int(match["lat"]) <= 90 and int(match["lon"]) <= 180):
            yield Hit(Kind.COORDINATES, match.start(), match.end())
    for match in _ADDRESS_CUE.finditer(text):
        rest = re.split(r"\.(?=\s|$)", match["rest"])[0].rstrip(" ,،")
        other = match["before"] and _OTHER_ADDRESS.search(match["before"])
        is_place = re.search(r"\d", rest) and re.search(r"[^\W\d_]{3}|[\u4e00-\u9fff]{2}", rest)
        if not other and is_place and not _NOT_POSTAL.search(rest):
            start = match.start("rest")
            yield Hit(Kind.POSTAL_ADDRESS, start, start + len(rest))
    for match in _STREET.finditer(text):
        yield Hit(Kind.POSTAL_ADDRESS, match.start(), match.end())
