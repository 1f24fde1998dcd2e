"""Texts and documents that the tests of cirt.documents share."""

from datetime import UTC, datetime

from cirt.charts import Axis, Bar, BarChart, Radar
from cirt.documents.model import (
    Block,
    BulletList,
    Cover,
    Detail,
    Document,
    Figure,
    Heading,
    Labels,
    Note,
    NumberedList,
    PageBreak,
    Paragraph,
    Span,
    Table,
    emphasise,
    ltr,
    plain,
)

MOMENT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ARABIC = (
    "حصل الفريق الوطني على درجة جيدة في **الأساس القانوني والتنظيمي** لأن المرسوم عينه جهة اتصال "
    "وحيدة ويوصي المقيمون **توصية قوية** بتوسيع الولاية لتشمل البنية التحتية الحيوية وباعتماد "
    "إجراءات الإبلاغ في غضون سنة واحدة من تاريخ نشر هذا التقرير على جميع الإدارات المعنية"
)


def document(*blocks: Block, language: str = "ar", marking: str = "TLP:AMBER+STRICT") -> Document:
    """A document of these blocks, right to left when it is Arabic."""
    return Document(
        title="تقرير" if language == "ar" else "Report",
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        blocks=blocks,
        generated_at=MOMENT,
        subject="a subject",
        author="an author",
        marking=marking,
        labels=Labels("صفحة %(page)s من %(pages)s" if language == "ar" else Labels().page),
    )


def everything(language: str = "ar") -> Document:
    """A document with every kind of block in it."""
    radar = Radar(
        tuple(Axis(f"D{n}", f"البُعد {n}", None if n == 5 else n % 5, 3) for n in range(1, 17)),
        "القيمة",
        "الهدف",
    )
    return document(
        Cover("تقرير التقييم", "الجولة الثانية", "برنامج", (Detail("المرجع", (ltr("A-7"),)),)),
        Heading(1, plain("النتائج")),
        Paragraph(emphasise(ARABIC)),
        Heading(2, plain("Details")),
        Paragraph((Span("FIRST", link="https://www.first.org/tlp/"), Span(" x", italic=True))),
        BulletList((plain("واحد"), plain("اثنان"))),
        NumberedList((plain("ثلاثة"), plain("أربعة")), 3),
        Note(plain("ملاحظة مهمة"), "تنبيه"),
        Figure(radar, "مخطط", "ستة عشر بعدا"),
        Figure(BarChart((Bar("قضيب", 3.0),)), "قضبان", "قضيب واحد"),
        PageBreak(),
        Table(
            plain("جدول"),
            (plain("الرقم"), plain("الاسم")),
            tuple((plain(str(n)), plain("صف")) for n in range(60)),
            (1.0, 3.0),
            ("end", "start"),
        ),
        language=language,
    )
