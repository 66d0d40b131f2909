// SPDX-License-Identifier: Apache-2.0
import { ConfirmDialog } from "../../common/ConfirmDialog";
import { _ } from "../../i18n";
import { useCall } from "../../rpc/hooks";

export function PowerOffDialog({ uuid, onClose }: { uuid: string; onClose: () => void }) {
    const call = useCall();
    return (
        <ConfirmDialog title={_("Power off the engine VM?")} confirm={_("Power off")} danger onClose={onClose}
                       action={() => call("machines.power_off", { uuid })}>
            {_("This is like pulling the plug: what the Manager has not written to its disk is lost. Use it only when shutting down does not work.")}
        </ConfirmDialog>
    );
}
