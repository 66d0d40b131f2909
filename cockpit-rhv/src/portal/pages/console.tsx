// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup/index.js";
import { _ } from "../../i18n";
import { Copyable } from "../widgets/copyable";
import { PageHeader } from "../widgets/page-header";
import { Panel } from "../widgets/panel";
import { Words } from "../widgets/words";
import { Authority } from "./authority";

const DOWNLOADS = "https://virt-manager.org/download.html";
const TAP = "jeffreywildman/virt-manager";

const SYSTEMS = ["debian", "el", "windows", "macos"] as const;
type System = typeof SYSTEMS[number];

function systemName(system: System): string {
    switch (system) {
        case "debian": return _("Debian, Ubuntu");
        case "el": return _("Enterprise Linux, Fedora");
        case "windows": return _("Windows");
        case "macos": return _("macOS");
    }
}

/** The visitor's own system first; a guess that one click corrects. */
function guess(): System {
    const agent = navigator.userAgent;
    if (agent.includes("Windows")) return "windows";
    if (agent.includes("Mac OS X")) return "macos";
    return /Fedora|Red Hat|CentOS/.test(agent) ? "el" : "debian";
}

function External({ url, children }: { url: string; children: string }) {
    return <a href={url} target="_blank" rel="noreferrer">{children}</a>;
}

function Install({ system }: { system: System }) {
    switch (system) {
        case "debian": return (
            <>
                <Copyable text="sudo apt install virt-viewer" what={_("the install command")} />
                <p><Words text={_("The package brings `remote-viewer` and registers it for .vv files.")} /></p>
            </>
        );
        case "el": return (
            <>
                <Copyable text="sudo dnf install virt-viewer" what={_("the install command")} />
                <p><Words text={_("The package brings `remote-viewer` and registers it for .vv files. It is in Fedora and in Enterprise Linux 8 and 9.")} /></p>
            </>
        );
        case "windows": return (
            <>
                <p>
                    {_("Take the newest virt-viewer installer (.msi, x64) from the project's download page, and run it:")}{" "}
                    <External url={DOWNLOADS}>virt-manager.org</External>
                </p>
                <p>{_("It installs Remote Viewer and registers it for .vv files.")}</p>
            </>
        );
        case "macos": return (
            <>
                <p>{_("The virt-viewer project publishes no macOS build. With Homebrew, a collection that volunteers keep builds it from source:")}</p>
                <Copyable text={`brew tap ${TAP}\nbrew install virt-viewer`} what={_("the install commands")} />
                <p>{_("macOS does not learn to open .vv files from it. Open a downloaded file in a terminal:")}</p>
                <Copyable text="remote-viewer ~/Downloads/console.vv" what={_("the command that opens a console file")} />
            </>
        );
    }
}

function Viewer() {
    const [system, setSystem] = useState(guess);
    return (
        <Panel title={_("1. Install the viewer")}>
            <p>{_("A guest's screen opens in Remote Viewer, a program on your own computer. It is part of virt-viewer.")}</p>
            <ToggleGroup aria-label={_("Your system")} className="rhv-systems">
                {SYSTEMS.map(item => (
                    <ToggleGroupItem key={item} buttonId={`system-${item}`} text={systemName(item)} isSelected={item === system}
                                     onChange={() => setSystem(item)} />
                ))}
            </ToggleGroup>
            <div className="rhv-install" aria-live="polite"><Install system={system} /></div>
        </Panel>
    );
}

function ConsoleFile() {
    return (
        <Panel title={_("2. Open a console")}>
            <ol className="rhv-steps">
                <li>{_("Ask for the guest's console in Cockpit on its host; for this Manager's own machine, under Hosted engine. You get a small file whose name ends in .vv.")}</li>
                <li>{_("Open it at once. It holds the address, the port and a password that is valid for two minutes at most.")}</li>
                <li>{_("Remote Viewer connects and deletes the file. For another session, get a new one.")}</li>
            </ol>
            <p>{_("If the browser only saves the file, choose “Always open files of this type” in its list of downloads, or open it by hand:")}</p>
            <Copyable text="remote-viewer console.vv" what={_("the command that opens a console file")} />
            <p className="rhv-muted">{_("In a console, Shift+F12 gives the mouse and keyboard back, and Shift+F11 leaves full screen.")}</p>
        </Panel>
    );
}

export function ConsoleResources() {
    return (
        <>
            <PageHeader title={_("Console client resources")}>
                <p>{_("What your own computer needs to show a guest's screen and to trust this Manager.")}</p>
            </PageHeader>
            <div className="rhv-stack">
                <Viewer />
                <ConsoleFile />
                <Authority />
            </div>
        </>
    );
}
