// SPDX-License-Identifier: Apache-2.0
import { LoadingCards } from "../app/FirstConnection";
import { ErrorAlert } from "../common/ErrorAlert";
import { PageFrame } from "../common/PageFrame";
import { _ } from "../i18n";
import { useTopic } from "../rpc/hooks";
import { BeforePage } from "./before/BeforePage";
import { CleanUpDamaged } from "./cleanup/CleanUpDamaged";
import Deployed from "./deployed/DeployedPage";
import JobPage from "./job/JobPage";

/** A cleanup is the way out of this one; it keeps the damaged file. */
const DAMAGED = "engine.config_damaged";

/** What there is of a hosted engine decides what this page is. */
export default function EnginePage() {
    const engine = useTopic("engine");
    if (engine.state === "loading") {
        return (
            <PageFrame page="engine" state="loading" title={_("Hosted engine")}>
                <LoadingCards />
            </PageFrame>
        );
    }
    if (engine.state === "error") {
        return (
            <PageFrame page="engine" state="error" title={_("Hosted engine")}>
                <ErrorAlert error={engine.error} title={_("The state of the engine cannot be read")}
                            actions={engine.error.code === DAMAGED && <CleanUpDamaged />} />
            </PageFrame>
        );
    }
    const { state, config, job } = engine.value;
    if (state === "deployed" && config)
        return <Deployed engine={engine.value} config={config} />;
    if (state !== "none" && job !== undefined)
        return <JobPage key={job} id={job} page="engine" from={null} />;
    return <BeforePage />;
}
