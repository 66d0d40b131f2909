// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { parseRoute } from "../src/app/route";
import { sectionOf } from "../src/app/sections";
import { COLUMNS, DEFAULT, isFiltered, parseQuery, sortedBy, toQuery, type Wanted } from "../src/guests/query";
import { selectGuests } from "../src/guests/select";
import { applies, groupOf, type Action, type Guest } from "../src/guests/states";
import { visibleRange } from "../src/guests/useWindow";

function guest(name: string, fields: Partial<Guest> = {}): Guest {
    return {
        uuid: `uuid-of-${name}`, name, state: "running", reason: undefined, error: undefined, owner: "local", persistent: true,
        autostart: false, vcpus: 1, memory_mib: 1024, memory_used_mib: undefined, cpu_percent: undefined,
        disk_read_bytes_s: undefined, disk_write_bytes_s: undefined, net_rx_bytes_s: undefined, net_tx_bytes_s: undefined,
        addresses: undefined, started_s: undefined, emulated: false, graphics: [], macs: [], ...fields,
    };
}

function names(guests: readonly Guest[], wanted: Partial<Wanted>): string[] {
    return selectGuests(guests, { ...DEFAULT, ...wanted }).map(({ name }) => name);
}

test("the address says what the list shows, and the list writes the same address", () => {
    const query = { search: "web 10.0", state: "trouble", owner: "managed", sort: "-cpu", columns: "name,cpu,owner" };
    const wanted = parseQuery(query);
    assert.deepEqual(wanted, {
        search: "web 10.0", state: "trouble", owner: "managed", sort: "cpu", descending: true, columns: ["name", "cpu", "owner"],
    });
    assert.deepEqual(toQuery(wanted), query);
    assert.deepEqual(toQuery(DEFAULT), {});
    assert.equal(isFiltered(DEFAULT), false);
    assert.equal(isFiltered(wanted), true);
});

test("what an address cannot mean is passed over", () => {
    const odd = { state: "flying", owner: "", sort: "-nothing", columns: "colour" };
    assert.deepEqual(parseQuery(odd), { ...DEFAULT, columns: ["name"] });
    assert.deepEqual(parseQuery({ sort: "-" }), DEFAULT);
    assert.deepEqual(parseRoute(["guests"], { search: "a&b=#/x", state: ["running", "off"] }), { page: "guests", query: { search: "a&b=#/x" } });
    assert.equal(sectionOf(parseRoute(["guests"])), "guests");
    assert.equal(sectionOf(parseRoute(["jobs", "1"])), "engine");
});

test("sorting by another column begins with what one looks for", () => {
    assert.deepEqual([sortedBy(DEFAULT, "name").descending, sortedBy(DEFAULT, "cpu").descending, sortedBy(DEFAULT, "owner").descending],
                     [true, true, false]);
    assert.equal(sortedBy(sortedBy(DEFAULT, "cpu"), "cpu").descending, false);
});

test("names are sorted as people count", () => {
    const guests = ["web-10", "Web-9", "api", "web-2"].map(name => guest(name));
    assert.deepEqual(names(guests, {}), ["api", "web-2", "Web-9", "web-10"]);
    assert.deepEqual(names(guests, { descending: true }), ["web-10", "Web-9", "web-2", "api"]);
});

test("what has no figure comes last in either direction", () => {
    const guests = [guest("off"), guest("idle", { cpu_percent: 0 }), guest("busy", { cpu_percent: 90 }), guest("also off")];
    assert.deepEqual(names(guests, { sort: "cpu", descending: true }), ["busy", "idle", "also off", "off"]);
    assert.deepEqual(names(guests, { sort: "cpu" }), ["idle", "busy", "also off", "off"]);
});

test("each column sorts by what it shows", () => {
    const guests = [
        guest("a", { disk_read_bytes_s: 5, net_tx_bytes_s: 1, addresses: ["192.0.2.100"], started_s: 900, memory_mib: 512, owner: "managed" }),
        guest("b", { disk_write_bytes_s: 9, net_rx_bytes_s: 4, addresses: ["192.0.2.20"], started_s: 100, state: "crashed" }),
        guest("c", { disk_read_bytes_s: 3, disk_write_bytes_s: 3, addresses: ["2001:db8::1"], memory_mib: 4096, state: "paused" }),
    ];
    const first = (sort: Wanted["sort"]) => names(guests, { sort })[0];
    assert.deepEqual(COLUMNS.map(first), ["a", "a", "a", "a", "a", "a", "b", "a", "b"]);
    // Shortest first: "a" was started last; of "c" nobody knows.
    assert.deepEqual(names(guests, { sort: "uptime", descending: true }), ["b", "a", "c"]);
    assert.deepEqual(names(guests, { sort: "disk", descending: true }), ["b", "c", "a"]);
    assert.deepEqual(names(guests, { sort: "addresses" }), ["b", "a", "c"]);
    assert.deepEqual(names(guests, { sort: "state" }), ["a", "c", "b"]);
});

test("every word of the search is found somewhere", () => {
    const guests = [
        guest("web-1", { addresses: ["192.0.2.7"], macs: ["52:54:00:AA:bb:cc"] }),
        guest("WEB-2", { addresses: ["192.0.2.8"] }),
        guest("<b>$1</b> (.*"),
    ];
    assert.deepEqual(names(guests, { search: " web " }), ["web-1", "WEB-2"]);
    assert.deepEqual(names(guests, { search: "web 2.7" }), ["web-1"]);
    assert.deepEqual(names(guests, { search: "aa:BB" }), ["web-1"]);
    assert.deepEqual(names(guests, { search: "uuid-of-WEB-2" }), ["WEB-2"]);
    assert.deepEqual(names(guests, { search: "(.*" }), ["<b>$1</b> (.*"]);
    assert.deepEqual(names(guests, { search: "web nothing" }), []);
});

test("what is wrong is found in one place", () => {
    const guests = [
        guest("fine"), guest("asked to pause", { state: "paused", reason: "user" }), guest("no disk", { state: "paused", reason: "io_error" }),
        guest("crashed", { state: "crashed" }), guest("did crash", { state: "shut_off", reason: "crashed" }), guest("off", { state: "shut_off" }),
        guest("who knows", { state: "unknown" }), guest("asleep", { state: "suspended" }), guest("theirs", { owner: "managed" }),
    ];
    assert.deepEqual(guests.map(groupOf),
                     ["running", "paused", "trouble", "trouble", "trouble", "off", "trouble", "paused", "running"]);
    assert.deepEqual(names(guests, { state: "trouble" }), ["crashed", "did crash", "no disk", "who knows"]);
    assert.deepEqual(names(guests, { owner: "managed" }), ["theirs"]);
});

test("only what makes sense is offered, and nothing for what others govern", () => {
    const all: Action[] = ["start", "shutdown", "reboot", "reset", "power_off", "pause", "resume", "save", "nmi", "autostart_on", "autostart_off"];
    const offered = (fields: Partial<Guest>) => all.filter(action => applies(action, guest("a", fields)));
    assert.deepEqual(offered({}), ["shutdown", "reboot", "reset", "power_off", "pause", "save", "nmi", "autostart_on"]);
    assert.deepEqual(offered({ state: "shut_off", autostart: true }), ["start", "autostart_off"]);
    assert.deepEqual(offered({ state: "paused", persistent: false }), ["reset", "power_off", "resume"]);
    assert.deepEqual(offered({ state: "suspended" }), ["reset", "power_off", "resume", "autostart_on"]);
    assert.deepEqual(offered({ state: "crashed" }), ["reset", "power_off", "autostart_on"]);
    assert.deepEqual(offered({ state: "unknown" }), []);
    assert.deepEqual(offered({ owner: "managed" }), []);
    assert.deepEqual(offered({ owner: "engine" }), []);
});

test("only the rows in sight are drawn, whatever the number", () => {
    for (const top of [200, 0, -41, -5_000, -81_000, -1_000_000]) {
        const { first, end } = visibleRange(top, 800, 40, 2000);
        assert.ok(first >= 0 && end <= 2000 && first <= end && end - first <= 60, `${String(top)}: ${String(first)} to ${String(end)}`);
        const seen = [Math.floor(-top / 40), Math.ceil((800 - top) / 40)].map(index => Math.min(2000, Math.max(0, index)));
        assert.ok(first <= (seen[0] ?? 0) && end >= (seen[1] ?? 0), `${String(top)} shows a blank`);
    }
    assert.deepEqual(visibleRange(200, 800, 40, 0), { first: 0, end: 0 });
    assert.deepEqual(visibleRange(-10, 800, 40, 2000), visibleRange(-30, 800, 40, 2000));
});
