"""The report of an assessment: what it says, in which words, as a document."""
