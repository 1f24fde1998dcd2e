"""What is exchanged, kept as exact bytes: the same owner, id and version are always the same bytes."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import batched
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.errors import ConflictError, N_
from cirt.incidents.store_models import ObjectVersion
from cirt.stix.extensions import PUBLISHED_IDS
from cirt.stix.ids import canonical_json
from cirt.stix.marking import RESERVED_IDS, TLP, tlp_of
from cirt.stix.taxii_filters import version_key
