// SPDX-License-Identifier: Apache-2.0
import { Facts } from "../common/Facts";
import { Table, type Column } from "../guest/Table";
import { _ } from "../i18n";
import { Card, CardBody, CardTitle } from "../pf";
import type { HostNetworks } from "./types";

type Route = HostNetworks["routes"][number];

function routeKey({ destination, device, family, gateway, metric }: Route): string {
    return [family, destination, device, gateway, metric].join(" ");
}

/** Which way packets leave the host, and who knows the names. */
export function RoutingCard({ networks: { routes, dns } }: { networks: HostNetworks }) {
    const columns: Column<Route>[] = [
        {
            id: "destination",
            title: _("To"),
            cell: ({ destination, family }) => (destination === "default"
                ? family === "ipv4" ? _("everywhere else (IPv4)") : _("everywhere else (IPv6)")
                : destination),
        },
        { id: "gateway", title: _("Through"), cell: ({ gateway }) => gateway ?? <span className="rhv-muted">{_("directly")}</span> },
        { id: "device", title: _("Over"), cell: ({ device }) => device },
        { id: "metric", title: _("Metric"), cell: ({ metric }) => metric ?? <span className="rhv-muted">–</span> },
    ];
    const unique = [...new Map(routes.map(route => [routeKey(route), route])).values()];
    const none = <span className="rhv-muted">–</span>;
    return (
        <Card component="section" data-card="routing">
            <CardTitle component="h2" id="routing-title">{_("Routes and names")}</CardTitle>
            <CardBody>
                {unique.length === 0
                    ? <p className="rhv-muted">{_("There are no routes.")}</p>
                    : <Table labelledBy="routing-title" columns={columns} rows={unique} name={routeKey} />}
                <Facts facts={[
                    { id: "dns", term: _("Name servers"), value: dns.servers.length > 0 ? dns.servers.join(", ") : none },
                    { id: "search", term: _("Search domains"), value: dns.search.length > 0 ? dns.search.join(", ") : none },
                ]} />
            </CardBody>
        </Card>
    );
}
