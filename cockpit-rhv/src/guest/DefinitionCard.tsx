// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { _ } from "../i18n";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { XmlDialog } from "./XmlDialog";
import type { CardProps } from "./types";

/** For experts: everything libvirt has stored of the guest. */
export function DefinitionCard({ guest, details, locked }: CardProps) {
    const [shown, setShown] = useState<"stored" | "live" | null>(null);
    return (
        <Card component="section" data-card="definition">
            <CardTitle component="h2">{_("Definition (XML)")}</CardTitle>
            <CardBody className="rhv-stack">
                <p className="rhv-muted">{_("For what this page has no field for. Passwords are left out.")}</p>
                <div className="rhv-buttons">
                    {details.stored && <Button variant="secondary" id="xml-stored" onClick={() => setShown("stored")}>{_("Show as it starts next")}</Button>}
                    {details.live && <Button variant="secondary" id="xml-live" onClick={() => setShown("live")}>{_("Show as it runs")}</Button>}
                </div>
            </CardBody>
            {shown && <XmlDialog guest={guest} stored={shown === "stored"} locked={locked} onClose={() => setShown(null)} />}
        </Card>
    );
}
