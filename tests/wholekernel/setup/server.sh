# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The storage server: exports of every temper, and an iSCSI target with CHAP, two portals and two LUNs.
set -eu
systemctl start --no-block nfs-server.service

nfs=/srv/nfs
for export in good readonly squashed full; do
    mkdir -p "$nfs/$export"
    chown libvirt-qemu:kvm "$nfs/$export"
done
# Root's own: whoever is squashed may not write there.
chown root:root "$nfs/squashed"
chmod 0755 "$nfs/squashed"
mount -t tmpfs -o size=2m tmpfs "$nfs/full"
chmod 0777 "$nfs/full"
dd if=/dev/zero of="$nfs/full/filler" bs=64k 2> /dev/null || true
cat > /etc/exports <<EXPORTS
$nfs/good     *(rw,sync,no_root_squash,no_subtree_check,insecure)
$nfs/readonly *(ro,sync,no_root_squash,no_subtree_check,insecure)
$nfs/squashed *(rw,sync,root_squash,no_subtree_check,insecure)
$nfs/full     *(rw,sync,no_root_squash,no_subtree_check,insecure,fsid=77)
EXPORTS

mkdir -p /srv/iscsi
truncate -s 8G /srv/iscsi/big
truncate -s 64M /srv/iscsi/small
iqn=iqn.2024-01.lab.wk:t1
modprobe -a target_core_mod target_core_file iscsi_target_mod
targetcli <<TARGET > /var/log/targetcli.log 2>&1
set global auto_add_default_portal=false
set global auto_save_on_exit=false
/backstores/fileio create big /srv/iscsi/big
/backstores/fileio create small /srv/iscsi/small
/iscsi create $iqn
/iscsi/$iqn/tpg1/luns create /backstores/fileio/big
/iscsi/$iqn/tpg1/luns create /backstores/fileio/small
/iscsi/$iqn/tpg1/portals create 10.77.0.1 3260
/iscsi/$iqn/tpg1/portals create 10.77.1.1 3260
/iscsi/$iqn/tpg1 set attribute authentication=1 generate_node_acls=1 demo_mode_write_protect=0 cache_dynamic_acls=1
/iscsi/$iqn/tpg1 set auth userid=rhv password=correct-horse-1
/iscsi/$iqn/tpg1 enable
exit
TARGET

systemctl start nfs-server.service
exportfs -ra
exportfs | grep -q "$nfs/full"
# targetcli ends with 0 whatever it was told: what counts is what the kernel has.
tpg=/sys/kernel/config/target/iscsi/$iqn/tpgt_1
[ "$(cat $tpg/enable)" = 1 ] || { cat /var/log/targetcli.log >&2; exit 1; }
[ "$(cat $tpg/auth/userid)" = rhv ]
set -- "$tpg"/np/*:3260
[ $# = 2 ]
set -- "$tpg"/lun/lun_*
[ $# = 2 ]
sync
