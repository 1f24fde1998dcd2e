"""The report's own words: name -> message id. They come translated into the report's language."""

from collections.abc import Mapping
from types import MappingProxyType

from cirt.errors import N_

REPORT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "subject": N_("Self-assessment of national readiness for incident response"),
        "page": N_("Page %(page)s of %(pages)s"),
        # cover
        "country code": N_("Country code"),
        "instrument": N_("Instrument"),
        "versioned": N_("%(title)s, version %(version)s"),
        "state": N_("State"),
        "open": N_("Open: the answers may still change"),
        "closed": N_("Closed on %(date)s"),
        "date": N_("Date of this report"),
        "marking": N_("Marking"),
        "nature": N_("Nature"),
        "no audit": N_("Self-assessment; not an audit"),
        # summary
        "summary": N_("Summary"),
        "summary without figure": N_("No question has a level yet, so there is no figure."),
        "summary figure": N_(
            "The overall figure is **%(value)s of 4**. It rests on %(done)s of %(total)s questions."
            " %(confidence)s."
        ),
        "left out": N_("These questions take no part in the figure:"),
        "count not answered": N_("Not answered: %(count)s"),
        "count not known": N_("Not known: %(count)s"),
        "count not applicable": N_("Not applicable: %(count)s"),
        "how to read": N_("How to read the figures"),
        # method
        "method": N_("Method and scale"),
        "method text": N_(
            "The questions are those of “%(title)s”. Each has five levels, each described by what"
            " can be shown. A level holds when everything in it and in the levels below it could be"
            " shown during the assessment."
        ),
        "stage after": N_(
            "The country has a national CIRT; the questions are those for that case."
        ),
        "stage before": N_(
            "The country has no national CIRT yet; the questions are those for that case."
        ),
        "stage open": N_(
            "The questions for countries with and without a national CIRT were asked."
        ),
        "scale": N_("The levels"),
        "level": N_("Level"),
        "name": N_("Name"),
        # results
        "results": N_("Results"),
        "radar": N_("Figures by dimension"),
        "radar description": N_(
            "A radar with one axis for each dimension, from 0 at the centre to 4; the figures stand in"
            " the table below it."
        ),
        "results table": N_("Figure, coverage and confidence of each dimension"),
        "code": N_("Code"),
        "dimension": N_("Dimension"),
        "figure": N_("Figure"),
        "answered": N_("With a level"),
        "confidence": N_("Confidence"),
        "of": N_("%(done)s of %(total)s"),
        "no figure": N_("no figure"),
        # dimensions
        "answers": N_("Answers and evidence"),
        "figure is": N_("Figure: %(figure)s."),
        "coverage": N_("Questions with a level: %(done)s of %(total)s. %(confidence)s."),
        "level is": N_("**Level %(level)s, %(name)s:** %(text)s"),
        "not answered": N_("Not answered."),
        "not known": N_("Not known: nobody present could say."),
        "not applicable": N_("Not applicable."),
        "not applicable because": N_("Not applicable, because: %(reason)s"),
        "comment": N_("Comment"),
        "evidence": N_("Evidence"),
        "kind file": N_("File"),
        "kind document": N_("Document, not attached"),
        "kind interview": N_("Interview"),
        "kind observation": N_("Observation"),
        # annex
        "provisions": N_("Annex: provisions that the questions serve"),
        "provisions text": N_(
            "The texts are given in our words. Where the last column says so, the wording has not been"
            " compared with the adopted text; read that text before relying on it."
        ),
        "source": N_("Text"),
        "in our words": N_("In our words"),
        "questions": N_("Questions"),
        "checked": N_("Compared"),
        "checked yes": N_("Yes"),
        "checked no": N_("Not compared"),
    }
)
