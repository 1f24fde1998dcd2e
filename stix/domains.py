"""Top-level domains by which a word with dots is told from a domain name."""

from typing import Final

# The ISO 3166-1 two-letter codes that are delegated, and the exceptional ac, eu, su, uk.
_COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo bq br bs bt
bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh
er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr
ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr
ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni
nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg
sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua
ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
# Generic names that occur in reports of incidents; a name missing here can still be typed in.
_GENERIC = """
com net org info biz edu gov mil int arpa name pro aero asia cat coop jobs mobi museum post tel
travel xxx
academy accountant agency app art asia autos bar beauty best bet bid bio blog boats bond business
buzz cam camp capital cards care casa cash center cfd chat church city click cloud club coach codes
college community company computer contact cool country courses credit cricket cyou dance date deals
delivery dev digital direct directory domains download earth education email energy engineering
events exchange expert express fail faith family fan finance financial fit foo foundation fun fund
fyi gallery games gdn gift global gmbh gold google group guide guru hair haus health healthcare help
hiv homes hospital host hosting house how icu immo inc ink insure international investments kim land
lat law lawyer legal life limited limo link live llc loan loans lol love ltd makeup management
market marketing mba media men microsoft moe moda mom money monster motorcycles mov network news
ngo ninja observer one ong onl online ooo page partners parts party pay photo photography photos
pics pink pizza place plus poker press promo properties pub quest racing realty recipes red rehab
ren rent rentals report rest restaurant review reviews rip rocks run sale sbs school science
security services sex shop shopping show site skin social software solar solutions space sport
store stream studio style sucks supplies supply support surf systems tax team tech technology
tires today tokyo tools top town toys trade trading training tube university uno vacations vet
video vip vision voyage wang watch web webcam website wiki win wine work works world wtf xin xyz
yachts yoga youtube zip zone
"""
# Kept for documentation, tests and closed networks: RFC 2606, RFC 6761, RFC 6762, RFC 7686.
_SPECIAL = "example test invalid localhost local onion internal"
# Country names in their own script (IANA root zone).
_NATIVE = """
السعودية امارات مصر قطر الاردن المغرب تونس سوريا سورية فلسطين عمان عراق الجزائر موريتانيا سودان
اليمن البحرين ايران پاکستان بھارت ملیسيا شبكة موقع بازار
рф рус бел укр срб мкд мон қаз бг ею онлайн сайт орг дети москва
中国 中國 香港 台湾 台灣 新加坡 澳門 澳门 公司 网络 在线 网址 网店 集团 商城 中文网 政务 公益
한국 日本 ไทย भारत ভারত বাংলা ලංකා இலங்கை இந்தியா ελ ευ հայ გე ישראל ລາວ
"""

TOP_LEVEL_DOMAINS: Final = frozenset(" ".join((_COUNTRIES, _GENERIC, _SPECIAL, _NATIVE)).split())
SPECIAL_USE: Final = frozenset(_SPECIAL.split()) - {"onion"}
DOCUMENTATION_DOMAINS: Final = frozenset({"example.com", "example.net", "example.org"})

_DOCUMENTS = """
doc docx docm dot dotm xls xlsx xlsm xlsb ppt pptx pptm pps ppsx rtf pdf odt ods odp csv htm html
hta mht eml msg chm one iqy slk xll
"""
_PROGRAMS = """
exe dll sys scr pif cpl ocx msi msix msp bat cmd ps1 psm1 vbs vbe js jse wsf wsh lnk url jar apk ipa
dmg pkg deb rpm elf bin so sh py pl php jsp jspx asp aspx war zip rar 7z gz tgz tar cab iso img vhd
vhdx ace arj xz bz2 dylib reg inf ini tmp dat job sct
"""
FILE_EXTENSIONS: Final = frozenset((_DOCUMENTS + _PROGRAMS).split())

FILE_LIKE_DOMAINS: Final = frozenset(
    ("am", "app", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "zip")
)
"""Endings that are both a top-level domain and a common file extension."""

_PRODUCTS = """
asp.net vb.net ado.net ml.net node.js next.js nuxt.js vue.js react.js angular.js d3.js
"""
PRODUCT_NAMES: Final = frozenset(_PRODUCTS.split())
"""Software that is named like a domain or a file."""
