# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A virtualization host: libvirt, the initiator and what our package talks to are running; no storage is attached.
set -eu
# Of a path that is gone a test wants to hear within seconds, not minutes.
sed -i \
    -e 's/^#* *node.session.timeo.replacement_timeout *=.*/node.session.timeo.replacement_timeout = 5/' \
    -e 's/^#* *node.conn\[0\].timeo.noop_out_interval *=.*/node.conn[0].timeo.noop_out_interval = 2/' \
    -e 's/^#* *node.conn\[0\].timeo.noop_out_timeout *=.*/node.conn[0].timeo.noop_out_timeout = 3/' \
    /etc/iscsi/iscsid.conf
systemctl enable --now --quiet iscsid.socket virtlogd.socket libvirtd.socket libvirtd-ro.socket libvirtd.service
virsh --quiet list
nmcli --terse general status
# What a first command would have to read from the disk is in memory from now on.
python3 -c 'import libvirt, psutil, asyncio, json'
qemu-system-x86_64 --version
sync
