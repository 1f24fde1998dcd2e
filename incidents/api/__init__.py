"""The REST API of the incident half: cases, circles, releases, recalls, the inbox, webhooks.

The same rules and sentences as the pages; TLP:RED is for named persons and is never given out.
"""
