# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# In the root, by chroot: what apt and dnf say of updates that wait, and programs that have nobody to ask.
# /share/later.list: what Debian published since.
set -eu
# shellcheck source=tests/recording/lib.sh
. /share/lib.sh

# -- dnf: a repository of tiny packages, newer than those installed, as Enterprise Linux 9 has them configured ----------
# package FOLDER NAME EPOCH VERSION RELEASE ARCH [LINES]
package() {
    cat > /repo/one.spec <<SPEC
Name: $2
Epoch: $3
Version: $4
Release: $5
BuildArch: $6
Summary: made for a recording
License: none
${7:-}
%description
made for a recording
%files
SPEC
    rpmbuild --quiet --target "$6" --define "_rpmdir /repo/$1" --define '_build_name_fmt %%{NAME}.%%{ARCH}.rpm' \
        -bb /repo/one.spec
}
rm -rf /repo /var/lib/rpm/* /var/cache/dnf /etc/yum.repos.d
mkdir -p /repo/old /repo/new /etc/yum.repos.d /etc/dnf
cat > /etc/dnf/dnf.conf <<CONF
[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
CONF
rpm --initdb
package old toy-release 0 9.6 1 noarch 'Provides: system-release = 9.6
Provides: system-release(releasever) = 9'
package old kernel 0 5.14.0 503.el9 x86_64
package old qemu-kvm-core 17 9.0.0 10.el9 x86_64
package old grub2-tools 1 2.06 92.el9 noarch
package old ovirt-hosted-engine-setup-of-a-rather-long-name 0 2.7.1 1.20230517gitd0e9cc0.el9 noarch
rpm --upgrade --nodeps /repo/old/*.rpm
package new kernel 0 5.14.0 570.12.1.el9_6 x86_64
package new qemu-kvm-core 17 9.1.0 15.el9_6.7 x86_64
package new grub2-tools-extra 1 2.06 104.el9 noarch 'Obsoletes: grub2-tools < 1:2.06-100'
package new ovirt-hosted-engine-setup-of-a-rather-long-name 0 2.7.2 1.20250606gitd0e9cc0a1b2.el9 noarch
createrepo_c --quiet /repo/new
cat > /repo/updateinfo.xml <<XML
<updates><update from="x" status="final" type="security" version="1"><id>RHSA-2025:0001</id><title>qemu-kvm</title>
<issued date="2025-06-01 00:00:00"/><updated date="2025-06-01 00:00:00"/><severity>Important</severity>
<description>made for a recording</description><pkglist><collection short="c"><name>c</name>
<package name="qemu-kvm-core" version="9.1.0" release="15.el9_6.7" epoch="17" arch="x86_64">
<filename>qemu-kvm-core.x86_64.rpm</filename></package></collection></pkglist></update></updates>
XML
modifyrepo_c --mdtype=updateinfo /repo/updateinfo.xml /repo/new/repodata > /dev/null
repository() {
    printf '[%s]\nname=%s\nbaseurl=file:///repo/%s\ngpgcheck=0\n%s\n' "$1" "$1" "$2" "${3:-}" \
        > "/etc/yum.repos.d/$1.repo"
}
dnf_says() {
    record dnf "$1" dnf --cacheonly check-update
    record dnf "$1_security" dnf --cacheonly check-update --security
}
dnf_says no_repositories
repository appstream new
dnf_says no_lists
dnf --quiet makecache
dnf_says waiting
AS=$NOBODY dnf_says nobody
repository baseos nowhere
dnf_says one_without_lists
repository baseos nowhere skip_if_unavailable=1
dnf_says one_ignored
rpm --upgrade --nodeps /repo/new/*.rpm
dnf_says none_one_ignored
rm /etc/yum.repos.d/baseos.repo
dnf_says none
rm /var/cache/dnf/*.solv*
for file in /var/cache/dnf/appstream-*/repodata/*primary*; do
    echo nonsense > "$file"
done
dnf_says damaged_lists
version dnf dnf
rm -rf /repo

# -- apt ---------------------------------------------------------------------------------------------------------------
apt_says() {
    record apt-get "$1" apt-get --simulate --option Debug::NoLocking=true --quiet dist-upgrade
}
apt_says none
cp /share/later.list /etc/apt/sources.list.d/later.list
apt-get --quiet --quiet update
apt_says waiting
AS=$NOBODY apt_says nobody
mkdir -p /toy/DEBIAN
printf 'Package: toy\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: toy\nDepends: %s\n' \
    nowhere-to-be-had > /toy/DEBIAN/control
dpkg-deb --build /toy /toy.deb > /dev/null
dpkg --install /toy.deb > /dev/null 2>&1 || true
apt_says unmet_dependencies
dpkg --remove toy > /dev/null
rm -rf /toy /toy.deb
echo 'deb nonsense' > /etc/apt/sources.list.d/bad.list
apt_says bad_configuration
rm /etc/apt/sources.list.d/*
version apt-get apt

# -- neither a journal nor a daemon is here ------------------------------------------------------------------------------
record coredumpctl no_journal coredumpctl list --json=short --no-pager
record journalctl no_journal journalctl --dmesg --boot --no-pager --quiet --output=cat --priority=info --lines=20000
record multipathd not_running multipathd show maps json
version journalctl systemd
version multipathd multipath-tools

# -- crashes: systemd is handed them as the kernel does it ----------------------------------------------------------------
dumps_say() {
    record coredumpctl "$1" coredumpctl list --json=short --no-pager
}
# crash PATH [WORD]: a program of this name; with a word, its file is gone by then, as after an update.
crash() {
    cp /bin/sleep "$1"
    "$1" 600 &
    local pid=$! comm=${1##*/}
    sleep 1
    [ -z "${2:-}" ] || rm "$1"
    head -c 65536 /bin/sleep | /usr/lib/systemd/systemd-coredump $pid 0 0 11 "$(date +%s)" 18446744073709551615 host 1
    wait_for 30 coredumpctl info "${comm:0:15}"
    kill -KILL $pid
    wait $pid || true
}
mkdir -p /run/systemd/journal /var/lib/systemd/coredump /usr/libexec
[ -s /etc/machine-id ] || systemd-machine-id-setup > /dev/null
/usr/lib/systemd/systemd-journald &
systemd-socket-activate --accept --seqpacket --listen=/run/systemd/coredump /usr/lib/systemd/systemd-coredump &
wait_for 30 test -S /run/systemd/journal/socket
wait_for 30 test -S /run/systemd/coredump
dumps_say none
crash /usr/bin/tailor
dumps_say others
crash /usr/bin/qemu-system-x86_64
crash /usr/libexec/qemu-kvm replaced
dumps_say qemu
AS=$NOBODY dumps_say nobody
(cd /var/lib/systemd/coredump && ls) > "$OUT/coredumpctl/folder.txt"
rm /var/lib/systemd/coredump/*
dumps_say files_gone
version coredumpctl systemd-coredump
