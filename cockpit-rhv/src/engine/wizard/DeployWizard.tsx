// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { go } from "../../app/route";
import { answersOf, problemsOf } from "../../form/draft";
import type { Draft } from "../../form/draft";
import type { RhvError } from "../../generated/wire";
import { _, text } from "../../i18n";
import { useCall, useConnection } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";
import { useDraft } from "../draft-context";
import { FileNotice } from "../FileNotice";
import { deployObstacle } from "./obstacle";
import { ReviewStep } from "./ReviewStep";
import { WizardFrame } from "./WizardFrame";
import { usePreflight } from "./usePreflight";
import { useServerProblems } from "./useServerProblems";

/** A new deployment. */
export function DeployWizard({ draft, wanted }: { draft: Draft; wanted: string }) {
    const { update, discard } = useDraft();
    const call = useCall();
    const connection = useConnection();
    const server = useServerProblems(draft);
    const { preflight, again } = usePreflight(draft, wanted === "review");
    const refusals = preflight.state === "done" ? preflight.result.errors : [];
    // What this page sees itself comes last and wins: it is there at once.
    const problems = new Map([
        ...refusals.map(({ path, error }): [string, string] => [path, text(error.message)]), ...server, ...problemsOf(draft),
    ]);
    const [starting, setStarting] = useState(false);
    const [refused, setRefused] = useState<RhvError | null>(null);

    const onDeploy = () => {
        setStarting(true);
        setRefused(null);
        const { admin_password: admin, root_password: root } = draft.secrets;
        call("deploy.start", {
            profile: draft.form.profile,
            answers: answersOf(draft),
            secrets: { admin_password: admin.value, ...(root.value !== "" && { root_password: root.value }) },
        }).then(({ job }) => {
            go({ page: "job", id: job });
            discard();
        }, (reason: unknown) => {
            setRefused(asError(reason).error);
            setStarting(false);
        });
    };
    const notice = draft.file && <FileNotice file={draft.file} onDiscard={discard} />;

    return (
        <WizardFrame draft={draft} update={update} wanted={wanted} problems={problems} notice={notice}
                     place={step => ({ page: "deploy", step })} back={{ page: "engine" }}
                     submit={{
                         word: _("Deploy"), obstacle: deployObstacle(connection, problems, preflight), busy: starting, run: onDeploy,
                     }}
                     review={<ReviewStep draft={draft} problems={problems} preflight={preflight} again={again} refused={refused} />} />
    );
}
