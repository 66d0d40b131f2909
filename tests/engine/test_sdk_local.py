# SPDX-License-Identifier: Apache-2.0
"""The unmodified ovirt-engine-sdk-python against a Manager on a loopback port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ovirtsdk4
import pytest
from ovirtsdk4 import types

from tests.engine.manager_support import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine.manager_support import ManagerProcess


def connect(manager: ManagerProcess, **options: Any) -> ovirtsdk4.Connection:
    defaults = {
        "url": f"{manager.url}/api", "username": USER, "password": PASSWORD, "ca_file": str(manager.ca_file),
        "timeout": 60,
    }  # fmt: skip
    return ovirtsdk4.Connection(**{**defaults, **options})


@pytest.fixture
def connection(manager: ManagerProcess) -> Iterator[ovirtsdk4.Connection]:
    opened = connect(manager)
    yield opened
    opened.close()


def test_it_connects(connection: ovirtsdk4.Connection) -> None:
    assert connection.test(raise_exception=True)


def test_the_root(connection: ovirtsdk4.Connection) -> None:
    api = connection.system_service().get()
    assert (api.product_info.version.major, api.product_info.version.minor) == (4, 5)
    assert api.special_objects.blank_template.id == "00000000-0000-0000-0000-000000000000"
    assert api.summary.hosts.total is not None
    assert connection.follow_link(api.authenticated_user).name == "admin"


def test_data_center_cluster_and_template_are_linked(connection: ovirtsdk4.Connection) -> None:
    system = connection.system_service()
    (cluster,) = system.clusters_service().list(search='name="Default"')
    data_center = connection.follow_link(cluster.data_center)
    assert (data_center.name, data_center.status) == ("Default", types.DataCenterStatus.UP)
    assert connection.follow_link(data_center.clusters)[0].id == cluster.id
    (blank,) = system.templates_service().list(search="name=Blank and datacenter=Default")
    assert blank.version.version_number == 1
    # What ovirt_cluster reads of an existing cluster without a guard.
    assert cluster.fencing_policy.skip_if_connectivity_broken.threshold == 50
    assert cluster.fencing_policy.skip_if_sd_active.enabled is False
    assert cluster.migration.bandwidth.assignment_method == types.MigrationBandwidthAssignmentMethod.AUTO
    assert cluster.error_handling.on_error == types.MigrateOnError.MIGRATE
    assert cluster.memory_policy.over_commit.percent == 100
    assert cluster.required_rng_sources
    assert connection.follow_link(cluster.scheduling_policy).name == "none"
    assert connection.follow_link(cluster.mac_pool).name == "Default"


def test_the_network_and_its_profile(connection: ovirtsdk4.Connection) -> None:
    system = connection.system_service()
    (network,) = system.networks_service().list(search='name="ovirtmgmt" and datacenter="Default"')
    (profile,) = system.vnic_profiles_service().list()
    (cluster,) = system.clusters_service().list()
    (attached,) = connection.follow_link(cluster.networks)
    assert profile.network.id == network.id == attached.id
    assert types.NetworkUsage.VM in attached.usages
    assert network.vlan is None


def test_events_are_never_empty_and_newest_first(connection: ovirtsdk4.Connection) -> None:
    events = connection.system_service().events_service()
    newest = events.list(max=1)[0]
    assert newest.index == int(newest.id)
    assert newest.time.tzinfo is not None
    older = events.list(search="type=1")
    assert [event.code for event in older] == [1] * len(older)
    assert older[-1].description == "The Manager started."
    assert older[-1].severity == types.LogSeverity.NORMAL
    assert events.list(from_=newest.index) == []
    assert [event.index for event in events.list()] == sorted((e.index for e in events.list()), reverse=True)
    assert connection.follow_link(newest).id == newest.id


def test_searching_events(manager: ManagerProcess, connection: ovirtsdk4.Connection) -> None:
    events = connection.system_service().events_service()
    with pytest.raises(ovirtsdk4.AuthError):
        connect(manager, password="wrong").test(raise_exception=True)
    failed = events.list(search="severity > normal and type=114", max=1)
    assert failed[0].code == 114
    assert failed[0].severity == types.LogSeverity.WARNING
    assert events.list(search="type=885 or type=839") == []


def test_every_top_level_collection_can_be_listed(connection: ovirtsdk4.Connection) -> None:
    """The SDK picks its reader by the root tag, so a wrong plural fails here."""
    system = connection.system_service()
    names = [name for name in vars(type(system)) if name.endswith("_service") and name != "option_service"]
    services = [getattr(system, name)() for name in names]
    # Imports can only be added, options only be read one by one.
    lists = [service for service in services if hasattr(service, "list")]
    assert len(lists) == 37
    for service in lists:
        assert isinstance(service.list(), list), service


def test_empty_lists_below_a_cluster(connection: ovirtsdk4.Connection) -> None:
    system = connection.system_service()
    (cluster,) = system.clusters_service().list()
    service = system.clusters_service().cluster_service(cluster.id)
    assert service.affinity_groups_service().list() == []
    assert service.cpu_profiles_service().list() == []
    data_center = system.data_centers_service().data_center_service(cluster.data_center.id)
    assert data_center.storage_domains_service().list() == []
    assert data_center.quotas_service().list() == []


def test_an_unknown_id_is_not_found(connection: ovirtsdk4.Connection) -> None:
    with pytest.raises(ovirtsdk4.NotFoundError):
        connection.system_service().vms_service().vm_service("nope").get()
    with pytest.raises(ovirtsdk4.NotFoundError):
        connection.system_service().hosts_service().host_service("nope").statistics_service().list()
    with pytest.raises(ovirtsdk4.NotFoundError):
        connection.system_service().vms_service().vm_service("nope").numa_nodes_service().list()


def test_faults_carry_reason_and_detail(connection: ovirtsdk4.Connection) -> None:
    hosts = connection.system_service().hosts_service()
    with pytest.raises(ovirtsdk4.Error) as caught:
        hosts.add(types.Host(name="lonely"))
    assert caught.value.code == 400
    assert caught.value.fault.reason == "Incomplete parameters"
    assert caught.value.fault.detail == "Host [address] required for add"
    with pytest.raises(ovirtsdk4.Error, match="nofield"):
        hosts.list(search="nofield=1")


def test_what_is_not_there_yet_says_so(connection: ovirtsdk4.Connection) -> None:
    with pytest.raises(ovirtsdk4.Error) as caught:
        connection.system_service().vms_service().add(types.Vm(name="x", cluster=types.Cluster(name="Default")))
    assert caught.value.code == 501
    assert "not available" in caught.value.fault.detail


def test_a_host_added_maintained_and_removed(connection: ovirtsdk4.Connection) -> None:
    """It does not exist, so it is never up; everything an administrator can do about that works."""
    hosts = connection.system_service().hosts_service()
    host = hosts.add(types.Host(name="ghost", address="127.0.0.1", cluster=types.Cluster(name="Default")))
    service = hosts.host_service(host.id)
    assert host.status == types.HostStatus.INSTALLING
    # Read by ovirt_host without a guard.
    assert host.power_management.enabled is False
    assert host.spm.status == types.SpmStatus.NONE
    assert host.os.custom_kernel_cmdline.split() == []
    with pytest.raises(ovirtsdk4.Error) as caught:
        hosts.add(types.Host(name="ghost", address="127.0.0.9"))
    assert caught.value.code == 409
    with pytest.raises(ovirtsdk4.Error, match="already in status"):
        service.activate()
    service.deactivate()
    assert service.get().status == types.HostStatus.MAINTENANCE
    with pytest.raises(ovirtsdk4.Error, match="already in Maintenance") as caught:
        service.deactivate()
    assert caught.value.code == 409
    service.activate()
    assert service.get().status in (types.HostStatus.INSTALLING, types.HostStatus.NON_RESPONSIVE)
    service.deactivate()
    service.remove()
    with pytest.raises(ovirtsdk4.NotFoundError):
        service.get()
    events = connection.system_service().events_service()
    codes = [event.code for event in events.list(search="type=42 or type=44 or type=16 or type=600", max=5)]
    assert codes == [44, 600, 16, 600, 42]


def test_a_wrong_password_is_refused(manager: ManagerProcess) -> None:
    with pytest.raises(ovirtsdk4.AuthError, match="access_denied"):
        connect(manager, password="wrong").test(raise_exception=True)


def test_without_the_ca_there_is_no_connection(manager: ManagerProcess) -> None:
    with pytest.raises(ovirtsdk4.Error, match=r"(?i)certificate"):
        connect(manager, ca_file=None).test(raise_exception=True)


def test_a_token_ends_with_logout(manager: ManagerProcess) -> None:
    first = connect(manager)
    token = first.authenticate()
    second = connect(manager, username=None, password=None, token=token)
    assert second.system_service().get() is not None
    second.close(logout=False)
    first.close()
    third = connect(manager, username=None, password=None, token=token)
    with pytest.raises(ovirtsdk4.AuthError):
        third.system_service().get()
    third.close(logout=False)


def test_the_wrong_path_is_explained(manager: ManagerProcess) -> None:
    connection = connect(manager, url=f"https://127.0.0.1:{manager.port}/wrong")
    with pytest.raises(ovirtsdk4.Error, match="typical one is"):
        connection.system_service().get()
    connection.close()


def test_version_four_in_the_path(manager: ManagerProcess) -> None:
    """Links must begin with the path the client uses, or follow_link goes astray."""
    connection = connect(manager, url=f"{manager.url}/api/v4")
    (cluster,) = connection.system_service().clusters_service().list()
    assert cluster.href.startswith("/ovirt-engine/api/v4/clusters/")
    assert connection.follow_link(cluster.data_center).name == "Default"
    connection.close()


def test_options_the_modules_pass(connection: ovirtsdk4.Connection) -> None:
    hosts = connection.system_service().hosts_service()
    assert hosts.list(
        search="", follow="", all_content=True, headers={"Correlation-Id": "abc"}, query={"foo": "1"}
    ) == hosts.list(case_sensitive=True, max=5)
