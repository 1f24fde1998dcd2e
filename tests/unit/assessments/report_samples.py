"""A report's content without a database, for the tests of what is made from it."""

from dataclasses import replace
from datetime import UTC, datetime

from cirt.assessments.report.model import (
    AgendaContent,
    ChapterText,
    DocumentContent,
    FactContent,
    Frame,
    GroupContent,
    InstrumentContent,
    NoticeContent,
    ParticipantContent,
    ProvisionContent,
    ReportContent,
    Summary,
    TallyContent,
    TermContent,
)
from cirt.assessments.report.model_plan import (
    ActionContent,
    BudgetLine,
    DesignSummary,
    FindingContent,
    PhaseContent,
    PlanSummary,
    ServiceContent,
    StaffPeriod,
)
from cirt.assessments.report.model_results import (
    CellContent,
    ComparedContent,
    ComparisonContent,
    DimensionContent,
    EvidenceContent,
    FigureContent,
    HeatContent,
    MovedContent,
    ParameterContent,
    QuestionContent,
    VerdictContent,
    VerdictLine,
)
from cirt.timelines import Lane, Stretch, Tick, Timeline

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOSTILE = (
    '<script>alert(1)</script> **x** %(date)s {{7*7}} `y` <img src="/etc/passwd"/>\n'
    "\n- item \u202e reversed\n* المرسوم 2021-114"
)


def figure(value="3.0", answered=3, confidence="low"):
    return FigureContent(value, confidence, answered, 1, 2, 1)


QUESTIONS = (
    QuestionContent(
        "D1-Q1", "D1", "On what?", "level", 3, "In operation", "A decision.",
        comment="Seen **twice** %(date)s\n\nالمرسوم 2021-114", strength="strong", stated="high",
        disputed=True, minimum=2, functions=("Taking reports",),
        evidence=(EvidenceContent("file", "The decree", "2026-02-01", "d.pdf", "TLP:AMBER"),),
    ),
    QuestionContent("D1-Q2", "D1", "Where?", "not-applicable", reason="No such act"),
    QuestionContent("D2-Q1", "D2", "How far?", "not-known", for_review=True, minimum=3),
    QuestionContent("D2-Q2", "D2", "What?", "not-answered", carried=True),
    QuestionContent("D3-Q1", "D3", "Who?", "level", 1, "Informal", "Somebody.", minimum=2),
)  # fmt: skip


def everything(language="en", **changes) -> ReportContent:
    """Content with something in every chapter."""
    cell = CellContent("3.0", 3, 2)
    content = ReportContent(
        frame=Frame(
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            title="Round two",
            country="Aurelia",
            country_code="XA",
            round=2,
            marking="TLP:AMBER+STRICT",
            generated_at=AT,
            state="review",
            agreed_on="",
            closed_on="",
            scope="The team.\n\n- And its host",
            cirt_exists=True,
            workshop_on="2026-02-02",
            workshop_place="Hall 4",
            prepared_by=("Aurelia", "Assessing body"),
        ),
        instrument=InstrumentContent(
            "made-up", "2.0.0", "Readiness", "About it.", "Ours.", ("a", "b", "c", "d", "e"), 5
        ),
        notices=(NoticeContent("SIM3", "OCF", "Not an audit."),),
        texts={
            "summary": ChapterText("In short.\n\n- one\n- two"),
            "law": ChapterText("", ("ar",)),
            "tools": ChapterText(HOSTILE),
        },
        summary=Summary(("F1",), ("F3",), ("A1",)),
        overall=figure("2.4"),
        dimensions=tuple(
            DimensionContent(
                code, f"Dimension {code}", "About.", figure(value), target,
                tuple(each for each in QUESTIONS if each.dimension == code),
            )
            for code, value, target in (("D1", "3.0", "2.0"), ("D2", None, "3.0"), ("D3", "1.0", None))
        ),
        heat=HeatContent(
            ("Law", "Technical"),
            tuple(
                (code, f"Dimension {code}", (cell, CellContent(None, None, 0)), cell)
                for code in ("D1", "D2", "D3")
            ),
            (cell, CellContent("0.4", 0, 1)),
            cell,
        ),
        verdict=VerdictContent(
            "foundation", "Foundation", "Ours", "Here", True, "not-met", figure(None, 2, "medium"),
            (
                VerdictLine("D1-Q1", 2, 3, "met", False, "Partners read it."),
                VerdictLine("D2-Q1", 3, None, "open", True, "Others rest on it."),
                VerdictLine("D3-Q1", 2, 1, "below", False, "Somebody must."),
            ),
        ),
        profile_problem="",
        comparison=ComparisonContent(
            1, 2, ComparedContent("", "", "1.0", "2.4", "+1.4"),
            ComparedContent("", "", "1.5", "2.0", "+0.5"),
            (ComparedContent("D1", "Dimension D1", "1.0", "3.0", "+2.0"),),
            "open", "not-met", (MovedContent("D1-Q1", "On what?", 1, 3),), (), {"up": 1, "down": 0},
        ),
        themes={"law": ("D1-Q1",), "threats": ("D2-Q1", "D1-Q2"), "people": ("D3-Q1",)},
        facts=(
            FactContent("population", "Population", "number", "4712345", 2024, "Statistics office"),
            FactContent("internet-users", "Users", "share", "61.5", None, "ITU"),
            FactContent("gci-tier", "Tier", "tier", "T3", 2024, "GCI"),
            FactContent("critical-sectors", "Sectors", "text", "الطاقة", None, "Decree"),
        ),
        tally=TallyContent("2025-01-01", "2025-12-31", (("Handling", "few", "none"),)),
        parameters=(
            ParameterContent("O-1", "Mandate", 2, 3, "level", ("D1-Q1",)),
            ParameterContent("O-2", "Constituency", None, None, "not-known", ()),
        ),
        sim3_from="Our SIM3 round",
        services=(
            ServiceContent("6.1", "Report acceptance", "basic", "established", "established", ("D3-Q1",)),
            ServiceContent("6.2", "Analysis", "", "", "", ()),
        ),
        design=DesignSummary(
            (StaffPeriod("year_1", 40, True, "1.2", "0.4", "2.0", "3.6", "3.0", ("Too few.",)),),
            "XAD",
            (BudgetLine("tools", "Tools and licences", ((1000, 20000), None, (5, None))),),
            ((1000, 20000), None, (5, None)),
        ),
        findings=(
            FindingContent("F1", "gap", "A gap", "Seen.", "Nobody was in charge.", ("D3-Q1",),
                           QUESTIONS[0].evidence, ("A1",)),
            FindingContent("F2", "risk", "A risk", HOSTILE, "", (), (), ()),
            FindingContent("F3", "strength", "A strength", "", "", ("D1-Q1",), (), ()),
        ),
        actions=(
            ActionContent("A1", 1, "Name somebody.", True, "D3-Q1", 1, 2, "design", "The ministry",
                          "2026-04-01", "2026-05-01", "A letter", "small", "none", "planned", "",
                          False, ("Reaches the minimum.",), (), ("R45-1", "R58-t")),
            ActionContent("A2", 2, "How far?", False, "D2-Q1", None, 0, "assess", "", "", "", "",
                          "", "", "running", "", True, (), ("A1",), ()),
            ActionContent("A3", 0, "Build a wall.", True, "", None, None, "enhance", "", "", "", "",
                          "", "", "dropped", "Too dear", False, (), (), ()),
        ),
        plan=PlanSummary(
            "2026-04-01",
            (PhaseContent("assess", ("A2",), (1, 10), (0, 0), "", ""),
             PhaseContent("design", ("A1",), (61, None), (0, 10000), "2026-04-01", "2026-05-01")),
            (62, None), (0, 10000), 1, 1,
            Timeline((Lane("Design", (Stretch("A1", "Name somebody.", 0, 30, "April"),)),), 40.0,
                     (Tick(10.0, "2026-05"),), 5.0),
            {"planned": 1, "running": 1},
        ),
        groups=(GroupContent("Government", 2, 1), GroupContent("Regulator", 1, None)),
        participants=(
            ParticipantContent("", "Head", "Ministry", "Government", True),
            ParticipantContent("", "", "Regulator", "Regulator", None),
        ),
        names=False,
        agenda=(
            AgendaContent(1, "09:00", "10:00", "Opening", "Short", (), ()),
            AgendaContent(2, "", "", "Questions", "", ("D1", "D2"), ("Government",)),
        ),
        documents=(DocumentContent("The decree", "Ministry", "2026-01-01", "", "D1-Q1"),),
        provisions=(
            ProvisionContent("R45-1", "Resolution 45", "WTDC Resolution 45", "resolves 1",
                             "In short.", True, ("D1-Q1",)),
            ProvisionContent("R58-t", "Resolution 58", "WTSA Resolution 58", "", "A theme.", False,
                             ("D1-Q1", "D3-Q1")),
        ),
        terms=(
            TermContent("CIRT", "Computer incident response team", ""),
            TermContent("", "Level", "Where one stands."),
        ),
    )  # fmt: skip
    return replace(content, **changes)


def nothing(language="en") -> ReportContent:
    """Content of an assessment in which nobody has done anything."""
    empty = FigureContent(None, "none", 0, 5, 0, 0)
    return everything(
        language,
        texts={},
        summary=Summary(),
        overall=empty,
        dimensions=(),
        heat=None,
        verdict=None,
        comparison=None,
        themes={},
        facts=(),
        tally=None,
        parameters=(),
        sim3_from="",
        services=(),
        design=DesignSummary(),
        findings=(),
        actions=(),
        plan=None,
        groups=(),
        participants=(),
        agenda=(),
        documents=(),
        provisions=(),
        terms=(),
        notices=(),
        frame=replace(everything(language).frame, workshop_on="", workshop_place="", scope=""),
    )
