"""What the detectors find in sentences of six scripts, and what they leave alone.

The sentences are made up; names, numbers and addresses belong to nobody (RFC 2606, RFC 5737,
numbers with check digits that fit).
"""

import pytest

from cirt.incidents.protection.detection import PROSE, detect
from cirt.incidents.protection.reading import plain

POSITIVE = (
    (
        "Please call Ms Jane Doe on +44 (0)20 7946 0958 or write to jane.doe@example.org.",
        [
            ("person", "Jane Doe"),
            ("phone", "+44 (0)20 7946 0958"),
            ("e-mail", "jane.doe@example.org"),
        ],
    ),
    (
        "The user Maria Silva opened the attachment; login: msilva",
        [("person", "Maria Silva"), ("account", "msilva")],
    ),
    (
        "Contact: John O'Neill, tel. 555-0143 22",
        [("person", "John O'Neill"), ("phone", "555-0143 22")],
    ),
    (
        "Reported by Peter van der Berg from XA\\pberg",
        [("person", "Peter van der Berg"), ("account", "XA\\pberg")],
    ),
    (
        "File C:\\Users\\jsmith\\AppData\\evil.exe and /home/alice/.ssh/id_rsa",
        [("account", "jsmith"), ("account", "alice")],
    ),
    (
        "Pay to GB82 WEST 1234 5698 7654 32 today. Card 4111 1111 1111 1111.",
        [("bank-account", "GB82 WEST 1234 5698 7654 32"), ("bank-account", "4111 1111 1111 1111")],
    ),
    (
        "write to jane [at] example [dot] org or jane at example dot org",
        [("e-mail", "jane [at] example [dot] org"), ("e-mail", "jane at example dot org")],
    ),
    (
        "SSN 078-05-1120, passport no. AB1234567",
        [("national-id", "078-05-1120"), ("national-id", "AB1234567")],
    ),
    (
        "He lives at 12 Baker Street, London. Position 48.8566, 2.35222",
        [("postal-address", "12 Baker Street, London"), ("coordinates", "48.8566, 2.35222")],
    ),
    (
        "https://admin:secret@intranet.example/x and follow @jane_doe",
        [("url-userinfo", "admin:secret"), ("account", "@jane_doe")],
    ),
    (
        "Mme Hélène Dupont-Martin a cliqué ; téléphone 01 42 68 53 00",
        [("person", "Hélène Dupont-Martin"), ("phone", "01 42 68 53 00")],
    ),
    (
        "M. Dupont, domicilié : 15 rue de la Paix, Paris",
        [("person", "Dupont"), ("postal-address", "15 rue de la Paix, Paris")],
    ),
    ("écrire à helene (à) exemple (point) org", [("e-mail", "helene (à) exemple (point) org")]),
    (
        "Utilisateur : hdupont ; victime : Élodie Gagné",
        [("account", "hdupont"), ("person", "Élodie Gagné")],
    ),
    (
        "Sra. María José Núñez, móvil 612 345 678, DNI 12345678Z",
        [("person", "María José Núñez"), ("phone", "612 345 678"), ("national-id", "12345678Z")],
    ),
    (
        "El usuario Juan Pérez García recibió el correo; dirección: Calle Mayor 5, Madrid",
        [("person", "Juan Pérez García"), ("postal-address", "Calle Mayor 5, Madrid")],
    ),
    ("correo: juan arroba ejemplo punto org", [("e-mail", "juan arroba ejemplo punto org")]),
    (
        "السيد أحمد محمود العلي أبلغ عن الرسالة، هاتف ٠١١٢٣٤٥٦٧٨",
        [("person", "أحمد محمود العلي"), ("phone", "٠١١٢٣٤٥٦٧٨")],
    ),
    ("السيّدة فاطمة الزهراء فتحت الملف", [("person", "فاطمة الزهراء")]),
    (
        "قامت الدكتورة ليلى حسن بالرد على fatima@مثال.إختبار",
        [("person", "ليلى حسن"), ("e-mail", "fatima@مثال.إختبار")],
    ),
    (
        "المستخدم خالد منصور نقر على الرابط، اتصل على \u200e+966 50 123 4567",
        [("person", "خالد منصور"), ("phone", "+966 50 123 4567")],
    ),
    (
        "للسيد عمر بن الخطاب رقم الهوية ١٠٢٣٤٥٦٧٨٩",
        [("person", "عمر بن الخطاب"), ("national-id", "١٠٢٣٤٥٦٧٨٩")],
    ),
    (
        "م. سامي يوسف، العنوان: شارع الملك فهد 25، الرياض",
        [("person", "سامي يوسف"), ("postal-address", "شارع الملك فهد 25، الرياض")],
    ),
    ("الهاتف: ۰۲۱-۸۸۷۷۶۶۵۵", [("phone", "۰۲۱-۸۸۷۷۶۶۵۵")]),
    ("الحساب: k.mansour", [("account", "k.mansour")]),
    (
        "господин Иванов сообщил, тел. 8 (495) 123-45-67",
        [("person", "Иванов"), ("phone", "8 (495) 123-45-67")],
    ),
    (
        "г-жа Петрова А.С. получила письмо на почту анна@пример.рф",
        [("person", "Петрова А.С."), ("e-mail", "анна@пример.рф")],
    ),
    (
        "Пользователь: Сидоров Пётр Алексеевич, логин: psidorov",
        [("person", "Сидоров Пётр Алексеевич"), ("account", "psidorov")],
    ),
    (
        "Потерпевшая Смирнова Ольга Ивановна, паспорт 45 09 123456",
        [("person", "Смирнова Ольга Ивановна"), ("national-id", "45 09 123456")],
    ),
    (
        "адрес: г. Москва, ул. Ленина, д. 5, кв. 12",
        [("postal-address", "ул. Ленина, д. 5, кв. 12")],
    ),
    (
        "Звоните +7 (916) 123-45-67, почта ivan собака пример точка рф",
        [("phone", "+7 (916) 123-45-67"), ("e-mail", "ivan собака пример точка рф")],
    ),
    ("СНИЛС 112-233-445 95", [("national-id", "112-233-445 95")]),
    ("王伟先生收到邮件，电话13812345678", [("person", "王伟"), ("phone", "13812345678")]),
    (
        "联系人：张小明，邮箱zhang.xm@example.cn，手机１３８００１３８０００",
        [
            ("person", "张小明"),
            ("e-mail", "zhang.xm@example.cn"),
            ("phone", "１３８００１３８０００"),
        ],
    ),
    (
        "用户李娜报告了该事件，身份证号11010519491231002X",
        [("person", "李娜"), ("national-id", "11010519491231002X")],
    ),
    (
        "请联系陈女士，地址：北京市海淀区中关村大街27号",
        [("person", "陈女士"), ("postal-address", "北京市海淀区中关村大街27号")],
    ),
    ("受害者 欧阳雪 的账号：ouyang_x", [("person", "欧阳雪"), ("account", "ouyang_x")]),
    ("ＭＡＲＩＡ＠ＥＸＡＭＰＬＥ．ＯＲＧ", [("e-mail", "ＭＡＲＩＡ＠ＥＸＡＭＰＬＥ．ＯＲＧ")]),
    ("电话：010-62345678", [("phone", "010-62345678")]),
    ("maria%40example.org in a link", [("e-mail", "maria%40example.org")]),
    ("Paid from DE89370400440532013000.", [("bank-account", "DE89370400440532013000")]),
    ("Numéro 1 85 05 78 006 084 91", [("national-id", "1 85 05 78 006 084 91")]),
    ("Call 00961 1 234 567 now", [("phone", "00961 1 234 567")]),
    ("(202) 555-0143", [("phone", "(202) 555-0143")]),
    (
        "Prof. Ngozi Adeyemi-Clark phoned the helpdesk from +234 803 123 4567.",
        [("person", "Ngozi Adeyemi-Clark"), ("phone", "+234 803 123 4567")],
    ),
    (
        "Victim: Anna-Lena Schmidt, IBAN DE89 3704 0044 0532 0130 00.",
        [("person", "Anna-Lena Schmidt"), ("bank-account", "DE89 3704 0044 0532 0130 00")],
    ),
    (
        'Send it to "jane doe"@example.org or o\'brien@example.org.',
        [("e-mail", '"jane doe"@example.org'), ("e-mail", "o'brien@example.org")],
    ),
    (
        "mailto:jane.doe+alerts@sub.example.co.uk?subject=x",
        [("e-mail", "jane.doe+alerts@sub.example.co.uk")],
    ),
    (
        "The complainant Robert Brown gave account name: rbrown2.",
        [("person", "Robert Brown"), ("account", "rbrown2")],
    ),
    ("Logs under \\\\fileserver\\home\\r.brown\\inbox show it.", [("account", "r.brown")]),
    (
        "C:\\Documents and Settings\\Maria Silva\\Desktop\\a.doc was opened.",
        [("account", "Maria Silva")],
    ),
    (
        "smb://ministry\\jdoe:Passw0rd@files.example.org/share",
        [("url-userinfo", "ministry\\jdoe:Passw0rd")],
    ),
    (
        "L'utilisatrice Zoé Lefèvre a reçu un appel au +33 (0)6 12 34 56 78.",
        [("person", "Zoé Lefèvre"), ("phone", "+33 (0)6 12 34 56 78")],
    ),
    (
        "Mlle Aïcha Benali, née à Lyon, habite 3 bis avenue du Général Leclerc.",
        [("person", "Aïcha Benali"), ("postal-address", "3 bis avenue du Général Leclerc")],
    ),
    (
        "Dr. Íñigo Ortega escribió desde inigo.ortega@correo.ejemplo.es.",
        [("person", "Íñigo Ortega"), ("e-mail", "inigo.ortega@correo.ejemplo.es")],
    ),
    (
        "Srta. Lucía Gómez vive en Avenida de la Paz 22, Lima.",
        [("person", "Lucía Gómez"), ("postal-address", "Avenida de la Paz 22, Lima")],
    ),
    (
        "NIE X1234567L y tarjeta 5500-0000-0000-0004.",
        [("national-id", "X1234567L"), ("bank-account", "5500-0000-0000-0004")],
    ),
    (
        "أرسل الأستاذ محمد عبد الله رسالة من m.abdullah [at] مثال [dot] إختبار",
        [("person", "محمد عبد الله"), ("e-mail", "m.abdullah [at] مثال [dot] إختبار")],
    ),
    ("الموظفة: نورة السالم، جوال 0501234567", [("person", "نورة السالم"), ("phone", "0501234567")]),
    ("يسكن في شارع الجمهورية 14 بالقاهرة", [("postal-address", "في شارع الجمهورية 14 بالقاهرة")]),
    ("رقم جواز السفر A12345678", [("national-id", "A12345678")]),
    ("والسيد يوسف حداد والسيدة مريم", [("person", "يوسف حداد"), ("person", "مريم")]),
    ("تلفن همراه: ۰۹۱۲ ۳۴۵ ۶۷۸۹", [("phone", "۰۹۱۲ ۳۴۵ ۶۷۸۹")]),
    (
        "Мы говорили с гражданином, И. И. Иванов звонил с +7 495 123-45-67.",
        [("person", "И. И. Иванов"), ("phone", "+7 495 123-45-67")],
    ),
    (
        "Инженер Козлов Н.В. использовал логин: kozlov.nv",
        [("person", "Козлов Н.В."), ("account", "kozlov.nv")],
    ),
    ("Карта 2200 0000 0000 0004, счёт проверен.", [("bank-account", "2200 0000 0000 0004")]),
    ("Она проживает: ул. Садовая, дом 14.", [("postal-address", "ул. Садовая, дом 14")]),
    ("张伟博士的手机是138-1234-5678。", [("person", "张伟"), ("phone", "138-1234-5678")]),
    (
        "报告人: 李小龙，电子邮件 li.xiaolong（at）example.cn",
        [("person", "李小龙"), ("e-mail", "li.xiaolong（at）example.cn")],
    ),
    ("住址：上海市浦东新区世纪大道100号", [("postal-address", "上海市浦东新区世纪大道100号")]),
    ("受害人陈美丽收到短信", [("person", "陈美丽")]),
    ("密码在 ftp://zhang:secret123@files.example.cn/", [("url-userinfo", "zhang:secret123")]),
    ("J a passwd line: jdoe:x:1001:1001::/home/jdoe:/bin/bash", [("account", "jdoe")]),
    ("GPS 33.89358, 35.50157", [("coordinates", "33.89358, 35.50157")]),
    ("At 48°51'24\"N 2°21'03\"E the truck stopped.", [("coordinates", "48°51'24\"N 2°21'03\"E")]),
    ("WhatsApp https://wa.me/96170123456", [("phone", "96170123456")]),
    (
        "Mr O’Connor replied; see also user@corp.lan",
        [("person", "O’Connor"), ("e-mail", "user@corp.lan")],
    ),
)
NEGATIVE = (
    "Version 10.0.19045.3803 of Windows was attacked on 2024-01-15 10:30:00.",
    "CVE-2024-12345 and CVE-2023-1234567 were used.",
    "SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "MD5 d41d8cd98f00b204e9800998ecf8427e",
    "Network 192.0.2.0/24 and 2001:db8::/32 were scanned.",
    "Reference XA-2026-0007, ticket INC-2024-000123.",
    "User Account Control was disabled.",
    "The user agent was Mozilla/5.0 (Windows NT 10.0; Win64; x64).",
    "Contact the Ministry of Health for details.",
    "Epoch 1700000000000 and 1700000000.",
    "UUID 123e4567-e89b-12d3-a456-426614174000",
    "port 443 to 203.0.113.45:8443",
    "C:\\Windows\\System32\\cmd.exe /c whoami",
    "C:\\Users\\Public\\evil.exe and C:\\Users\\%USERNAME%\\x",
    "HKLM\\Software\\Microsoft\\Windows",
    "npm install lodash@4.17.21 and @angular/core",
    "logo@2x.png was loaded",
    "GMT+0300, UTC+03:00",
    "Between 1 and 15.01.2024 there were 1,234,567 requests.",
    "NT AUTHORITY\\SYSTEM ran it",
    "AS64500 announced it",
    "00:1a:2b:3c:4d:5e is a MAC",
    "The IP address: 192.0.2.7 was blocked",
    "e-mail address: unknown",
    "Major Incident: General Assembly",
    "la version 3.14.1592653",
    "RFC 5322 and ISO 27035",
    "El usuario final no recibió nada.",
    "Le service informatique a changé 12 345 678 mots de passe.",
    "المستخدم النهائي لم يفتح الرسالة.",
    "الإصدار ١٠.٢.٣ من البرنامج",
    "يوم ١٥/٠١/٢٠٢٤ الساعة ١٠:٣٠",
    "пользователь не открыл письмо",
    "версия 4.15.0-112 от 12.03.2024",
    "用户已报告该事件",
    "版本号为 2024.01.15",
    "2024年1月15日，共有12345个请求",
    "The attackers sent 20240115-123456 packets",
    "process 12345678 started",
    "System user logged in",
    "KB5034441",
    "Build 20348.2227",
    "bitcoin wallet bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "https://evil.example/a/b?id=0033123456789",
    "The victim's name is not known.",
    "the table users: id, name",
    "victim: Ministry of Finance",
    "Contact: CERT-XA",
    "name: evil.exe",
    "account: unknown",
    "Amount 100 000 000 dollars",
    "temperature 36.6, 37.2",
    "S-1-5-21-3623811015-3361044348-30300820-1013",
    "telephone network was down for 120 minutes",
    "GET /index.php?id=123456789 HTTP/1.1",
    "user=admin&pass=admin",
    "Error 0x80070005 at 0x00007ff612345678",
    "MITRE T1566.001",
    "call to CreateRemoteThread at 00007ff6",
    "10.1016/j.cose.2021.102248",
    "IMEI prefix 35",
    "2026-11-22T22:55:00+0300",
    "account: disabled; user: none",
    "Contacts were made with partners.",
    "El Sr. no contestó.",
    "Le n° de dossier 2024-000123 est clos.",
    "تم حظر 192.0.2.7/32 على المنفذ 443",
    "رقم التذكرة ٢٠٢٤٠٠٠١٢٣",
    "السيد لم يفتح الرسالة",
    "名称：evil.exe",
    "联系供应商获取补丁",
    "Сервер 10.0.0.1:8080 недоступен.",
    "Пользователь не найден, код 0x80070005.",
    "@media print and @import url are CSS",
    "git clone git+ssh://host.example/repo",
    "file:///C:/Users/Public/x",
    "SELECT * FROM users WHERE id = 123456789012",
    "ratio 1.234567, 2345.678901",
    "see page 12 Main points of the report",
)


def found_in(text: str) -> list[tuple[str, str]]:
    """Return kind and words of each find, in the order of the text."""
    reading = plain(text)
    hits = sorted(detect(reading.text, PROSE), key=lambda hit: hit.start)
    return [(hit.kind.value, text[slice(*reading.span(hit.start, hit.end))]) for hit in hits]


def test_the_corpora_are_large_enough() -> None:
    """At least sixty of each."""
    assert len(POSITIVE) >= 60
    assert len(NEGATIVE) >= 60


@pytest.mark.parametrize(("text", "expected"), POSITIVE)
def test_personal_data_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    """Each with its kind and exactly where it stands."""
    assert found_in(text) == expected


@pytest.mark.parametrize("text", NEGATIVE)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    """Versions, hashes, dates, references, networks, systems and words like names."""
    assert found_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "user: " * 3000, "a@" * 10000, "+1 " * 6000, "A. " * 6000, "السيد " * 3000, "用户" * 10000,
        "王路1" * 6000, "1 2 " * 5000, "%" * 20000, "(at)" * 5000, "address: 1" * 2000,
    ],
    ids=lambda text: text[:9].strip(),
)  # fmt: skip
def test_hostile_texts_are_read_in_one_go(text: str) -> None:
    """Repeated beginnings of a find do not make the time explode (the test would time out)."""
    found_in(text[:20_000])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("maria%40ex%C3%A4mple.org", "maria@example.org"),
        ("mar\u200bia [at] example [dot] org", "maria@example.org"),
        ("ＭＡＲＩＡ＠example。org", "maria@example.org"),
        ("xn--mnchen-3ya.example", "munchen.example"),
        ("%2540 &#64; &#x40;", "@ @ @"),
        ("٠١٢٣ ۴۵۶ １２", "0123 456 12"),
        ("Jos\u00e9\nJose\u0301", "jose jose"),
        ("C:\\\\Users\\\\jo", "c:\\users\\jo"),
        ("السَّيِّد أحـمد", "السيد احمد"),
        ("pаypal", "paypal"),
    ],
)
def test_spellings_of_the_same_words_are_one(written: str, read: str) -> None:
    """T-72: encodings, invisible characters, look-alikes and foreign digits hide nothing."""
    from cirt.incidents.protection.reading import folded_words

    assert folded_words(written) == folded_words(read)
