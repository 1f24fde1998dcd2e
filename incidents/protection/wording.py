"""What stands in the place of personal data, in the language of the incident."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from cirt.incidents.protection.kinds import Kind
from cirt.incidents.protection.numbers import country_code

BLACK: Final = "▇▇▇"
"""Stands where words do not fit."""

_REMOVED: Final[Mapping[str, str]] = {
    "en": "[{} removed]",
    "fr": "[{} – supprimé]",
    "es": "[{} – suprimido]",
    "ru": "[{} – удалено]",
    "ar": "[{} – محذوف]",
    "zh": "[已删除{}]",
}
_KINDS: Final[Mapping[Kind, tuple[str, str, str, str, str, str]]] = {
    Kind.PERSON: ("name", "nom", "nombre", "имя", "اسم", "姓名"),
    Kind.EMAIL: (
        *("e-mail address", "adresse électronique", "correo electrónico"),
        *("адрес электронной почты", "عنوان بريد إلكتروني", "电子邮件地址"),
    ),
    Kind.PHONE: (
        *("phone number", "numéro de téléphone", "número de teléfono"),
        *("номер телефона", "رقم هاتف", "电话号码"),
    ),
    Kind.ACCOUNT: (
        *("account", "compte", "cuenta", "учётная запись", "حساب", "账号"),
    ),
    Kind.VICTIM_HOST: (
        *("victim's system", "système de la victime", "sistema de la víctima"),
        *("система пострадавшего", "نظام الضحية", "受害方系统"),
    ),
    Kind.VICTIM_ADDRESS: (
        *("victim's address", "adresse de la victime", "dirección de la víctima"),
        *("адрес пострадавшего", "عنوان الضحية", "受害方地址"),
    ),
    Kind.BANK_ACCOUNT: (
        *("bank account or card", "compte bancaire ou carte", "cuenta bancaria o tarjeta"),
        *("банковский счёт или карта", "حساب مصرفي أو بطاقة", "银行账户或卡号"),
    ),
    Kind.NATIONAL_ID: (
        *("identity number", "numéro d'identité", "número de identidad"),
        *("номер документа", "رقم وثيقة", "证件号码"),
    ),
    Kind.POSTAL_ADDRESS: (
        *("postal address", "adresse postale", "dirección postal"),
        *("почтовый адрес", "عنوان بريدي", "通信地址"),
    ),
    Kind.COORDINATES: (
        *("coordinates", "coordonnées", "coordenadas", "координаты", "إحداثيات", "坐标"),
    ),
    Kind.URL_USERINFO: (
        *("credentials", "identifiants", "credenciales"),
        *("данные для входа", "بيانات دخول", "登录凭据"),
    ),
    Kind.MARKED: ("words", "texte", "texto", "текст", "نص", "文字"),
}  # fmt: skip
_ORDER: Final = ("en", "fr", "es", "ru", "ar", "zh")

_SOMEBODY: Final = dict(
    zip(
        _ORDER,
        ("[a person]", "[une personne]", "[una persona]", "[лицо]", "[شخص]", "[某人]"),
        strict=True,
    )
)
# no colon: what stands behind one is taken for a name
_WITHIN: Final = "[{} – {}]"


def kind_word(kind: Kind, language: str) -> str:
    """Return what a kind of personal data is called in the language of an incident."""
    return _KINDS[kind][_ORDER.index(_known(language))]


def mask_of(kind: Kind, language: str) -> str:
    """Return what stands for masked data of a kind."""
    return _REMOVED[_known(language)].format(kind_word(kind, language))


def generalised(kind: Kind, canonical: str, language: str) -> str:
    """Return a less precise form: the domain, the network, the country; the mask if there is none.

    A network: /24 of IPv4, /48 of IPv6. Coordinates: a tenth of a degree.
    """
    known = _known(language)
    if kind is Kind.PERSON:
        return _SOMEBODY[known]
    part = _PARTS[kind](canonical) if kind in _PARTS else ""
    if not part:
        return mask_of(kind, language)
    if kind in (Kind.VICTIM_HOST, Kind.VICTIM_ADDRESS):
        return part
    return _WITHIN.format(kind_word(kind, language), part)


def _known(language: str) -> str:
    base = language.partition("-")[0].lower()
    return base if base in _ORDER else "en"


def parent_domain(name: str) -> str:
    """Return the domain above a name, "" if that is a top-level domain."""
    parent = name.partition(".")[2]
    return parent if "." in parent else ""


def network_of(address: str) -> str:
    """Return the /24 or /48 network of an IP address, or of a smaller network; "" if none."""
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return ""
    length = 24 if network.version == 4 else 48
    return str(network.supernet(new_prefix=length)) if network.prefixlen > length else ""


def _host(canonical: str) -> str:
    is_name = re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", canonical)
    return parent_domain(canonical) if is_name and not canonical[-1].isdigit() else ""


def _country_of_number(canonical: str) -> str:
    code = country_code(canonical.removeprefix("+")) if canonical.startswith("+") else ""
    return "+" + code if code else ""


def _coordinates(canonical: str) -> str:
    numbers = re.findall(r"[+-]?\d{1,3}\.\d{3,}", canonical)
    if len(numbers) != 2:
        return ""
    latitude, longitude = (f"{float(number):.1f}" for number in numbers)
    return f"{latitude}, {longitude}"


_PARTS = {
    Kind.EMAIL: lambda canonical: canonical.rpartition("@")[2],
    Kind.PHONE: _country_of_number,
    Kind.VICTIM_HOST: _host,
    Kind.VICTIM_ADDRESS: network_of,
    Kind.ACCOUNT: lambda canonical: (
        canonical.partition("\\")[0].upper() if "\\" in canonical else ""
    ),
    Kind.BANK_ACCOUNT: lambda canonical: canonical[:2].upper() if canonical[:2].isalpha() else "",
    Kind.COORDINATES: _coordinates,
}
