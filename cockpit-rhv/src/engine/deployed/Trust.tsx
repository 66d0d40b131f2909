// SPDX-License-Identifier: Apache-2.0
import type { EngineConfig } from "../../generated/wire";
import { _ } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import { fingerprint } from "./fingerprint";

const CA_PATH = "/ovirt-engine/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA";

/** How a browser comes to trust the Manager without clicking a warning away. */
export function Trust({ config }: { config: Live<EngineConfig> }) {
    return (
        <>
            <p>
                {_("The Manager has a certificate authority of its own, so a browser warns at the first visit. Import the authority into the browser once, after comparing its fingerprint:")}
            </p>
            <p><code className="rhv-fingerprint" id="ca-fingerprint">{fingerprint(config.ca_sha256)}</code></p>
            <p>
                <Button variant="link" isInline component="a" href={new URL(CA_PATH, config.url).href} target="_blank" rel="noreferrer">
                    {_("Download the authority's certificate")}
                </Button>
                {" "}
                <span className="rhv-muted">{_("or take it from this host: {path}", { path: config.ca_file })}</span>
            </p>
        </>
    );
}
