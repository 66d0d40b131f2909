// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";

import { LoadingCards } from "../../app/FirstConnection";
import { href, type Route } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Notice } from "../../common/Notice";
import { PageFrame } from "../../common/PageFrame";
import type { Engine, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { usePrivileged, useTopicValue } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import { LimitedAccess } from "../../common/LimitedAccess";
import { LoadAnswers } from "../LoadAnswers";
import { useDraft } from "../draft-context";
import { DeployWizard } from "./DeployWizard";
import ResumeWizard from "./ResumeWizard";

/** Why there is nothing to deploy here now, or null. */
function taken(engine: Live<Engine> | null): string | null {
    switch (engine?.state) {
    case "deployed": return _("This host already has an engine");
    case "deploying": return _("A deployment is already running");
    default: return null;
    }
}

/** Guards the wizard: there must be a form, and no engine yet. `resume`: the job that goes on with other answers. */
export default function WizardPage({ step, resume }: { step: string | null; resume: string | null }) {
    const { draft, error } = useDraft(resume);
    const [refused, setRefused] = useState<RhvError | null>(null);
    const privileged = usePrivileged();
    const obstacle = taken(useTopicValue("engine"));
    const wanted = step ?? "engine";
    const title = resume === null ? _("Deploy the engine") : _("Resume with other answers");
    const back: Route = resume === null ? { page: "engine" } : { page: "job", id: resume };
    const unready = (view: string, state: "ready" | "loading" | "error", children: ReactNode) => (
        <PageFrame page="deploy" state={state} view={view} title={title}>{children}</PageFrame>
    );

    if (obstacle !== null) {
        return unready("taken", "ready", (
            <Notice variant="info" title={obstacle}>
                <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Show it")}</Button>
            </Notice>
        ));
    }
    if (!draft) {
        if (!error)
            return unready("loading", "loading", <LoadingCards />);
        const home = <Button variant="link" isInline component="a" href={href(back)} id="wizard-home">{_("Back")}</Button>;
        // What only an administrator may read is no failure: it comes with the access.
        if (resume !== null && !privileged) {
            return unready("limited", "ready", (
                <>
                    <LimitedAccess>{_("Changing the answers of a deployment needs administrative access.")}</LimitedAccess>
                    <p>{home}</p>
                </>
            ));
        }
        return unready("error", "error", (
            <ErrorAlert error={error} title={resume === null
                ? _("The form cannot be read from the host")
                : _("The answers of this deployment cannot be changed")}>
                {home}
            </ErrorAlert>
        ));
    }
    return (
        <PageFrame page="deploy" state="ready" view={resume === null ? "wizard" : "resume"} title={title} fill
                   actions={resume === null && <LoadAnswers onError={setRefused} />}>
            {refused && <div className="rhv-notice"><ErrorAlert error={refused} title={_("The file was not loaded")} /></div>}
            {resume === null
                ? <DeployWizard draft={draft} wanted={wanted} />
                : <ResumeWizard job={resume} draft={draft} wanted={wanted} />}
        </PageFrame>
    );
}
