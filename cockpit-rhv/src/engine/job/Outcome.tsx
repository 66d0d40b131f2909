// SPDX-License-Identifier: Apache-2.0
import { backTo, href, type Route } from "../../app/route";
import { BundleLink } from "../../common/BundleLink";
import { Notice } from "../../common/Notice";
import { duration } from "../../format";
import type { JobStatus, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import { FailureCard } from "./FailureCard";
import { backWord } from "./words";

interface Success {
    title: string;
    sentence?: string;
    next?: { word: string; to: Route };
}

/** The guest that a job has made or worked on, if it is one. */
function theGuest({ guests }: Live<JobStatus>): string | undefined {
    return guests?.length === 1 ? guests[0] : undefined;
}

/** What a success means, and where one goes from here. */
function success(status: Live<JobStatus>, from: string | null): Success {
    const time = duration(status.elapsed_s);
    const engine = { word: _("Show the engine"), to: { page: "engine" as const } };
    switch (status.kind) {
    case "deploy":
    case "upgrade":
        return { title: _("Finished in {time}", { time }), next: engine };
    case "cleanup":
        return {
            title: _("The host is as it was before"),
            sentence: _("Everything on the list was removed, in {time}.", { time }),
            next: { word: _("Deploy again"), to: { page: "deploy", step: null } },
        };
    case "task":
        return {
            title: _("Done in {time}", { time }),
            ...(from !== null && { next: { word: backWord(from), to: backTo(from) } }),
        };
    }
}

/** How a job ended, and what to do now. `from`: where it was asked for, if it was a remedy. */
export function Outcome({ status, from, onError }: {
    status: Live<JobStatus>; from: string | null; onError: (error: RhvError | null) => void;
}) {
    if (status.state === "queued" || status.state === "running")
        return null;
    if (status.state !== "succeeded")
        return <FailureCard key={status.attempt} status={status} state={status.state} onError={onError} />;
    const { title, sentence, next } = success(status, from);
    const guest = theGuest(status);
    return (
        <Notice variant="success" id="job-succeeded" title={title}>
            {sentence !== undefined && <p>{sentence}</p>}
            <p className="rhv-links">
                {guest !== undefined && (
                    <Button component="a" href={href({ page: "guest", uuid: guest, query: {} })} id="job-guest">{_("Open the guest")}</Button>
                )}
                {next && <Button variant="link" isInline component="a" href={href(next.to)} id="job-next">{next.word}</Button>}
                <BundleLink job={status.id} />
            </p>
        </Notice>
    );
}
