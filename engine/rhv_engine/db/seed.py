# SPDX-License-Identifier: Apache-2.0
"""What a new installation starts with: data center and cluster ``Default``, network ``ovirtmgmt`` and its profile."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from .models import Cluster, DataCenter, Meta, Network, VnicProfile

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

INSTANCE_ID = "instance_id"
FIRST_START = "first_start_s"


def seed(session: Session) -> None:
    """Fill an empty database; does nothing to one that has been started before."""
    if session.get(Meta, INSTANCE_ID) is not None:
        return
    data_center = DataCenter(id=_new_id(), name="Default", description="The default Data Center", comment="")
    cluster = Cluster(
        id=_new_id(), name="Default", description="The default cluster", comment="", cpu_type="",
        data_center_id=data_center.id,
    )  # fmt: skip
    network = Network(
        id=_new_id(), name="ovirtmgmt", description="Management Network", comment="", vlan=None, mtu=0,
        usages=["management", "default_route", "migration", "display", "vm"], data_center_id=data_center.id,
    )  # fmt: skip
    session.add(Meta(key=INSTANCE_ID, value=_new_id()))
    session.add(Meta(key=FIRST_START, value=repr(time.time())))
    for item in (data_center, cluster, network):
        session.add(item)
        session.flush()  # the foreign keys are checked at once
    session.add(VnicProfile(id=_new_id(), name="ovirtmgmt", network_id=network.id))


def _new_id() -> str:
    return str(uuid.uuid4())
