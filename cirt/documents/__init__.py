"""Documents for people: a small document model and the PDF made from it.

A feature builds a `model.Document`, and calls `production.produce_pdf(document)` from a request (a
separate limited process) or `pdf.render_pdf(document)` where it already is in one.
"""
