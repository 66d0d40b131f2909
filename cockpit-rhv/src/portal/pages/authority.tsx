// SPDX-License-Identifier: Apache-2.0
// The engine's own certification authority, and how programs come to trust it.
import { useEffect, useState } from "react";
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { Skeleton } from "@patternfly/react-core/dist/esm/components/Skeleton/index.js";
import { DownloadIcon } from "@patternfly/react-icons/dist/esm/icons/download-icon.js";
import { _ } from "../../i18n";
import { authority, CA_PATH } from "../data/api";
import { Copyable } from "../widgets/copyable";
import { Panel } from "../widgets/panel";
import { Words } from "../widgets/words";

const FILE = "rhv-engine-ca.pem";

/** SHA-256 of the CA's DER; null while it is read. */
function useFingerprint(): { sha256: string | null; failed: boolean } {
    const [state, setState] = useState<{ sha256: string | null; failed: boolean }>({ sha256: null, failed: false });
    useEffect(() => {
        let wanted = true;
        authority().then(
            ({ sha256 }) => wanted && setState({ sha256, failed: false }),
            () => wanted && setState({ sha256: null, failed: true }),
        );
        return () => {
            wanted = false;
        };
    }, []);
    return state;
}

/** Pieces of eight bytes, so that two people can compare them and a phone can wrap them. */
function Fingerprint() {
    const { sha256, failed } = useFingerprint();
    if (failed) {
        return (
            <Alert isInline variant="warning" title={_("The fingerprint could not be computed")} component="p">
                <Words text={_("Compute it from the file: `openssl x509 -noout -fingerprint -sha256 -in {file}`", { file: FILE })} />
            </Alert>
        );
    }
    if (!sha256) return <Skeleton screenreaderText={_("Loading…")} />;
    const pieces = sha256.match(/(?:[0-9A-F]{2}:?){1,8}/g) ?? [sha256];
    return <code className="rhv-fingerprint">{pieces.map(piece => <span key={piece}>{piece}</span>)}</code>;
}

function sdkExample(): string {
    return `import ovirtsdk4 as sdk

connection = sdk.Connection(
    url="${location.origin}/ovirt-engine/api",
    username="admin@internal",
    password="…",
    ca_file="${FILE}",
)
for host in connection.system_service().hosts_service().list():
    print(host.name, host.status)
connection.close()`;
}

export function Authority() {
    const url = `${location.origin}${CA_PATH}`;
    return (
        <Panel title={_("3. Trust this Manager")}>
            <p>{_("This Manager signs its certificates itself: with a CA that was made when it was deployed and that no browser knows yet. Trust it once, and the warnings end.")}</p>
            <p>
                <Button variant="secondary" component="a" href={CA_PATH} download={FILE} icon={<DownloadIcon />}>{_("Download the engine's CA")}</Button>
            </p>
            <h3 className="rhv-h3">{_("Is it the right one?")}</h3>
            <p>{_("Compare its SHA-256 fingerprint with the one on the engine VM's console, or in Cockpit on its host under Hosted engine. If they differ, do not trust the file.")}</p>
            <Fingerprint />
            <h3 className="rhv-h3">{_("In a browser")}</h3>
            <ul className="rhv-list">
                <li>{_("Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import; then tick “Trust this CA to identify websites”.")}</li>
                <li>{_("Chrome and Edge on Linux: Settings, Privacy and security, Security, Manage certificates, Authorities, Import.")}</li>
                <li>{_("On Windows, add the file to “Trusted Root Certification Authorities”; on macOS, add it to Keychain Access and set it to “Always Trust”.")}</li>
            </ul>
            <h3 className="rhv-h3">{_("In a terminal")}</h3>
            <p>{_("Fetch the CA without trusting the connection, and compare the fingerprint that is printed:")}</p>
            <Copyable what={_("the commands that fetch the CA")}
                      text={`curl --insecure -o ${FILE} '${url}'\nopenssl x509 -noout -fingerprint -sha256 -in ${FILE}`} />
            <p>{_("From then on, every connection is checked against it:")}</p>
            <Copyable what={_("the command that asks the API")}
                      text={`curl --cacert ${FILE} --user admin@internal '${location.origin}/ovirt-engine/api/hosts'`} />
            <h3 className="rhv-h3">{_("In a program")}</h3>
            <p><Words text={_("The oVirt SDKs and Ansible modules work with this Manager as they are. In Python, after `pip install ovirt-engine-sdk-python`:")} /></p>
            <Copyable text={sdkExample()} what={_("the Python example")} />
            <p><Words text={_("In Ansible, pass the same file as `ca_file` to `ovirt.ovirt.ovirt_auth`.")} /></p>
        </Panel>
    );
}
