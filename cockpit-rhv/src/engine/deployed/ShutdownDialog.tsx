// SPDX-License-Identifier: Apache-2.0
import { ConfirmDialog } from "../../common/ConfirmDialog";
import { _ } from "../../i18n";
import { useCall } from "../../rpc/hooks";

export function ShutdownDialog({ uuid, onClose }: { uuid: string; onClose: () => void }) {
    const call = useCall();
    return (
        <ConfirmDialog title={_("Shut down the engine VM?")} confirm={_("Shut down")} onClose={onClose}
                       action={() => call("machines.shutdown", { uuid })}>
            {_("The Manager and its portal cannot be reached until the engine VM is started again. Guests on the hosts go on running.")}
        </ConfirmDialog>
    );
}
