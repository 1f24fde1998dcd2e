"""The chapters of a report: their order, their names, and for which of them people write words.

The list is ours, made from the assessment reports and guidance that are public.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cirt.errors import N_


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter or annex.

    number: as it is printed, "0" for what stands before the first numbered one. title, fed_by,
    hint: message ids; hint: what to write, "" where nobody writes anything.
    """

    id: str
    number: str
    title: str
    fed_by: str
    hint: str = ""

    @property
    def is_written(self) -> bool:
        """Whether people write words for it."""
        return bool(self.hint)

    @property
    def is_annex(self) -> bool:
        """Whether it is an annex."""
        return self.number.isalpha()


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "about",
        "0",
        N_("About this report"),
        N_("The state of the assessment, the marking, the notices of the models used"),
        N_("Who prepared the report and who helped: institutions and functions, thanks."),
    ),
    Chapter(
        "summary",
        "1",
        N_("Executive summary"),
        N_("The verdict with its coverage and confidence, the first findings and recommendations"),
        N_("One page for a minister: where the country stands, what matters most, what to decide."),
    ),
    Chapter(
        "background",
        "2",
        N_("Background, mandate, objectives and scope"),
        N_("The scope of the assessment, and the resolutions that its questions serve"),
        N_("Who asked for the assessment and why, what it is for, what happened before it."),
    ),
    Chapter(
        "method",
        "3",
        N_("Methodology"),
        N_("The instrument, its scale and rules, the groups that took part, the limits"),
        N_("What was done differently from the usual way, and what could not be looked at."),
    ),
    Chapter(
        "country",
        "4",
        N_("Country context"),
        N_("The facts about the country, each with its source and year"),
        N_("ICT infrastructure and connectivity, the economy, the critical sectors."),
    ),
    Chapter(
        "threats",
        "5",
        N_("Threat landscape"),
        N_(
            "The incidents that the country published in bands, and the answers on threats and spam"
        ),
        N_("Incidents that are known, spam and fraud, the main targets; name the sources."),
    ),
    Chapter(
        "law",
        "6",
        N_("Policy, legal and regulatory framework"),
        N_("The answers on law and regulation"),
        N_("Acts, decrees and policies in force or being drafted, with their numbers and dates."),
    ),
    Chapter(
        "institutions",
        "7",
        N_("Institutions and stakeholders"),
        N_("The groups that took part, and the answers on roles and cooperation in the country"),
        N_("Who does what, gaps and overlaps, and where the national CIRT could be hosted."),
    ),
    Chapter(
        "capability",
        "8",
        N_("Existing incident response capability"),
        N_("The answers on the national CIRT and on sectoral teams"),
        N_("Teams that respond to incidents: national, sectoral, providers, banks, universities."),
    ),
    Chapter(
        "results",
        "9",
        N_("Readiness results by dimension"),
        N_("The figures with coverage and confidence, the verdict line by line, the last round"),
        N_("What the figures mean for this country, dimension by dimension where it helps."),
    ),
    Chapter(
        "sim3",
        "10",
        N_("Profile by SIM3 parameter"),
        N_("The SIM3 answers against their profile, or the readiness answers by SIM3 parameter"),
        N_("What the team's own maturity means for its plans, such as a membership."),
    ),
    Chapter(
        "services",
        "11",
        N_("Services now, in one year and in three years"),
        N_("The services of the design annex, and the answers on services"),
        N_("Why these services in this order, and which the country leaves to others."),
    ),
    Chapter(
        "people",
        "12",
        N_("People: skills, staffing and training"),
        N_("The staffing of the design annex, and the answers on people"),
        N_("Who works there today, what they can do, what training is at hand."),
    ),
    Chapter(
        "tools",
        "13",
        N_("Tools, premises, connectivity and information sharing"),
        N_("The answers on tools and on the exchange of information"),
        N_("What is in place and in use; how information is marked, exchanged and protected."),
    ),
    Chapter(
        "cooperation",
        "14",
        N_("National, regional and international cooperation"),
        N_("The answers on cooperation"),
        N_("Memberships, agreements, exercises, and the projects of partners in the country."),
    ),
    Chapter(
        "findings",
        "15",
        N_("Key issues, findings and analysis"),
        N_("The findings with their causes, evidence and actions"),
        N_("What the findings have in common, and what lies behind them."),
    ),
    Chapter(
        "recommendations",
        "16",
        N_("Recommendations"),
        N_("The actions of the plan with priority, owner, effort and the provisions they serve"),
        N_("How to read the recommendations, and what was left out on purpose."),
    ),
    Chapter(
        "roadmap",
        "17",
        N_("Phased implementation plan"),
        N_("The plan by phase with its dates, bands of effort and cost, and the risks found"),
        N_("How the plan is steered, by whom, what it depends on, what could stop it."),
    ),
    Chapter(
        "participants", "A", N_("Participants"), N_("Those who took part, by stakeholder group")
    ),
    Chapter(
        "agenda",
        "B",
        N_("Agenda, and documents asked for"),
        N_("The agenda of the workshop and the documents asked for"),
    ),
    Chapter(
        "answers",
        "C",
        N_("Answers with their evidence"),
        N_("Every answer, and every piece of evidence"),
    ),
    Chapter(
        "provisions",
        "D",
        N_("Provisions that the questions serve"),
        N_("The crosswalk of the instrument"),
    ),
    Chapter("glossary", "E", N_("Glossary and abbreviations"), N_("The list of terms")),
)

BY_ID: Mapping[str, Chapter] = MappingProxyType({each.id: each for each in CHAPTERS})
WRITTEN: tuple[Chapter, ...] = tuple(each for each in CHAPTERS if each.is_written)
