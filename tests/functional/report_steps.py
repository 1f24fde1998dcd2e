"""A filled assessment for the tests of reports: answers, evidence, preparation, findings, plan, words."""

import uuid
from datetime import date
from pathlib import Path

from cirt.assessments.agenda import fill_agenda
from cirt.assessments.answering import answer_content, save_answer
from cirt.assessments.design import annex
from cirt.assessments.design.services import Period
from cirt.assessments.design.services import services as framework
from cirt.assessments.evidence import Kind, add_entry
from cirt.assessments.findings.findings import FindingContent, add_finding
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import Assessment
from cirt.assessments.plan.proposing import actions_in, propose
from cirt.assessments.preparation import save_participant
from cirt.assessments.report.facts import FactValue
from cirt.assessments.report.texts import save_facts, save_text
from cirt.assessments.requested_documents import save_document
from cirt.db import Database
from tests.conftest import Cast
from tests.functional.assessment_steps import started

NEWER = ("cirt-readiness", "2.0.0")
PROFILE = "made-up"


def profile_file(folder: Path, level: int = 2, every: int = 3) -> None:
    """Write a profile of our own for the newer questionnaire into a data folder."""
    instrument = load_instrument(*NEWER)
    lines = [
        f"id: {PROFILE}",
        "version: 1.0.0",
        'name: {en: "Made-up profile", ar: "ملف تعريفي للاختبار"}',
        'owner: "These tests"',
        'citation: "Nowhere"',
        "verified: false",
        'description: {en: "For tests.", ar: "للاختبار."}',
        f"instrument: {NEWER[0]}",
        f"instrument_version: {NEWER[1]}",
        "minimums:",
    ]
    for question in instrument.questions[::every]:
        lines.append(
            f"  - {{question: {question.id}, level: {level},"
            ' reason: {en: "Others rest on it.", ar: "يعتمد عليه غيره."}}'
        )
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    (folder / "profiles" / f"{PROFILE}.yml").write_text("\n".join(lines) + "\n", "utf-8")


def filled(
    database: Database,
    cast: Cast,
    *,
    profile: str = "",
    cirt_exists: bool = True,
    title: str = "Round one",
    evidence_rows: int = 40,
    comment: str = "عُرض المرسوم 2021-114 على الفريق.\n\n- الوثيقة الأولى\n- the second document, seen in Geneva",
) -> uuid.UUID:
    """Start an assessment with the newer questionnaire, fill every part of it, and return its id."""
    instrument = load_instrument(*NEWER)
    asked = [each for each in instrument.questions if each.applies.asked(cirt_exists)]
    assessment_id = started(database, cast, title=title, cirt_exists=cirt_exists, instrument=NEWER)
    farid = cast.actors["farid"]
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        row.profile, row.scope = profile, "The national team and the bodies it works with."
        row.workshop_on, row.workshop_place = "2026-03-02", "Hall 4"
        for number, question in enumerate(asked):
            choice = ("not-known" if number % 13 == 5 else "not-applicable" if number % 17 == 6
                      else str((number * 7) % 5))  # fmt: skip
            if number % 19 == 8:
                continue
            content = answer_content(
                choice,
                reason="لا ينطبق في بلدنا" if choice == "not-applicable" else "",
                comment=comment if number % 4 == 0 else "",
                confidence=("", "low", "medium", "high")[number % 4],
                disputed=number % 23 == 3,
            )
            save_answer(session, farid, row, question.id, content, revision=0, language="en")
        kinds = (Kind.DOCUMENT, Kind.INTERVIEW, Kind.OBSERVATION)
        for number in range(evidence_rows):
            add_entry(
                session,
                farid,
                row,
                asked[number % len(asked)].id,
                kind=kinds[number % 3],
                reference=f"Evidence number {number}, المحضر رقم {number}/2025",
                seen_on=date(2026, 2, 1 + number % 28),
            )
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        _prepare(session, farid, row)
        propose(session, farid, row, starts_on=date(2026, 4, 1))
        _find(session, farid, row, [each.id for each in asked])
        _write(session, farid, row)
        levels = {
            (one.id, when): ("absent", "planned", "basic", "established")[min(n % 3 + at, 3)]
            for n, one in enumerate(framework())
            for at, when in enumerate(Period)
        }
        annex.save_services(session, farid, row, levels, revision=0)
    return assessment_id


def _prepare(session, actor, row):
    people = (
        ("Lina Personname", "Ministry of ICT", "Head of department", "government", True),
        ("سامي اسمشخص", "هيئة تنظيم الاتصالات", "مدير الأمن", "regulator", None),
        ("Third Personname", "Bank", "", "critical-sectors", False),
    )
    for name, organization, function, group, attended in people:
        save_participant(
            session, actor, row, name=name, organization=organization, function=function,
            group=group, attended=attended,
        )  # fmt: skip
    save_document(
        session, actor, row, title="The decree 2021-114", from_whom="Ministry of ICT",
        due_on=date(2026, 2, 1), received_on=date(2026, 2, 3), note="", question_id="D1-Q1",
    )  # fmt: skip
    fill_agenda(session, actor, row, days=3, translated=lambda text: text)


def _find(session, actor, row, ids):
    action = actions_in(session, row)[0]
    for number, kind in enumerate(("gap", "risk", "strength", "gap", "gap", "gap", "gap")):
        add_finding(
            session,
            actor,
            row,
            FindingContent(
                title=f"Finding about matter {number}",
                kind=kind,
                description="What was seen.\n\nالمرسوم رقم 2021-114 لم يُنشر بعد.",
                root_cause="Nobody was in charge." if kind != "strength" else "",
                questions=frozenset(ids[number * 3 : number * 3 + 2]),
                actions=frozenset([action.id]) if number == 0 else frozenset(),
            ),
        )


def _write(session, actor, row):
    words = {
        ("summary", "en"): "The country has begun.\n\n- First point\n- Second point",
        (
            "summary",
            "ar",
        ): "بدأ البلد العمل.\n\n- النقطة الأولى مع الرمز RFC 2350\n- النقطة الثانية",
        ("law", "en"): "Act 12 of 2019 is in force.",
        ("country", "ar"): "يبلغ عدد مقدمي الخدمة 12 مقدماً.",
    }
    for (chapter, language), text in words.items():
        save_text(session, actor, row, chapter, language, text, revision=0)
    save_facts(
        session,
        actor,
        row,
        {
            "population": FactValue("4712345", 2024, "National statistics office"),
            "internet-users": FactValue("61.5", 2023, "ITU, DataHub"),
            "domain": FactValue(".xa", None, "IANA"),
            "gci-tier": FactValue("T3", 2024, "ITU, GCI 5th edition"),
            "critical-sectors": FactValue("الطاقة، الاتصالات، المصارف", 2022, "المرسوم 2022-7"),
        },
        revision=0,
    )
