// SPDX-License-Identifier: Apache-2.0
import { href } from "../app/route";
import { _ } from "../i18n";
import { Button } from "../pf";
import { useMayChange } from "../rpc/hooks";

/** Leads to the page of a new guest. */
export function CreateButton() {
    const privileged = useMayChange();
    if (!privileged)
        return <Button id="create-guest" isDisabled>{_("Create a guest")}</Button>;
    return <Button component="a" href={href({ page: "create" })} id="create-guest">{_("Create a guest")}</Button>;
}
