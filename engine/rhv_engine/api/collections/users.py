# SPDX-License-Identifier: Apache-2.0
"""``users``, ``roles`` and ``permissions``: there is one administrator, and what an administrator may do."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..faults import not_found
from ..request import Reply, Route, entity, listing
from ..search.match import Fields, select
from ..tree import Link, Obj

if TYPE_CHECKING:
    from ..request import ApiRequest

_SUPER_USER_ROLE = "00000000-0000-0000-0000-000000000001"
"""oVirt's id of the role SuperUser."""
_NAMESPACE = uuid.UUID("6a2b3d52-0a62-4a39-9df1-2c1f0b5a6a0e")


def user_id(name: str) -> str:
    """A user's id follows from the name, so that it outlives the database."""
    return str(uuid.uuid5(_NAMESPACE, name))


def user_reference(name: str) -> Obj:
    """A pointer to a user."""
    return Obj(id=user_id(name), href=f"/users/{user_id(name)}")


def _user(name: str) -> Obj:
    # The profile is what follows the last @: Keycloak's users are called admin@ovirt@internalsso.
    login, _, profile = name.rpartition("@")
    id_ = user_id(name)
    return Obj(
        {
            "name": login,
            "user_name": f"{login}@{profile}-authz",
            "principal": login,
            "namespace": "*",
            "domain_entry_id": id_,
            "domain": Obj({"name": f"{profile}-authz"}, uuid.uuid5(_NAMESPACE, f"domain {profile}").hex),
            "department": "",
            "email": "",
            "last_name": "",
        },
        id_,
        f"/users/{id_}",
        links=[
            Link(name, f"/users/{id_}/{name}")
            for name in ("groups", "options", "permissions", "roles", "sshpublickeys", "tags")
        ],
    )


def _role() -> Obj:
    return Obj(
        {
            "name": "SuperUser",
            "description": "Roles management administrator",
            "administrative": True,
            "mutable": False,
        },
        _SUPER_USER_ROLE,
        f"/roles/{_SUPER_USER_ROLE}",
        links=[Link("permits", f"/roles/{_SUPER_USER_ROLE}/permits")],
    )


def _permission(user: str) -> Obj:
    id_ = str(uuid.uuid5(_NAMESPACE, f"permission {user}"))
    return Obj(
        {"role": Obj(id=_SUPER_USER_ROLE, href=f"/roles/{_SUPER_USER_ROLE}"), "user": user_reference(user)},
        id_,
        f"/permissions/{id_}",
    )


_FIELDS: Fields[Obj] = Fields(
    {
        "id": lambda item: item.id,
        "name": lambda item: str(item.fields["name"]),
        "usrname": lambda item: str(item.fields["user_name"]),
        "user_name": lambda item: str(item.fields["user_name"]),
    },
    free_text=("name", "usrname"),
)


async def list_users(request: ApiRequest) -> Reply:
    """``GET users``."""
    users = [_user(request.manager.settings.admin_user)]
    return listing("users", "user", select(users, _FIELDS, request.target))


async def show_user(request: ApiRequest) -> Reply:
    """``GET users/{user}``."""
    for name in {request.manager.settings.admin_user, request.user}:
        if request.ids["user"] == user_id(name):
            return entity("user", _user(name))
    raise not_found("User", request.ids["user"])


async def list_roles(_request: ApiRequest) -> Reply:
    """``GET roles``."""
    return listing("roles", "role", [_role()])


async def list_permissions(request: ApiRequest) -> Reply:
    """``GET permissions``; who gets an answer here is an administrator, which is how oVirt's VM portal finds out."""
    return listing("permissions", "permission", [_permission(request.manager.settings.admin_user)])


ROUTES = [
    Route("users", {"GET": list_users}),
    Route("users/{user}", {"GET": show_user}),
    Route("roles", {"GET": list_roles}),
    Route("permissions", {"GET": list_permissions}),
]
