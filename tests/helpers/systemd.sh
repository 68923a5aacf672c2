# A systemd of its own, as process 1 of namespaces of its own, on this machine's files: what it writes is in memory, and
# gone with it. Its network is this machine's.
#
#     unshare --mount --pid --fork --uts --ipc --cgroup --kill-child bash systemd.sh FOLDER PROJECT NODE
#
# FOLDER is where it finds `units/` and what else the test has put there, and is /bellpush-test in there; PROJECT is the
# package, NODE is what it takes for /usr/bin/node. The unit `test.target` is started; a line in FOLDER/up, a FIFO, says
# when.
set -eu
folder=$1 project=$2 node=$3
scratch=$folder/scratch
mkdir "$scratch"
mount -t tmpfs scratch "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay root -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
cd "$scratch/root"
mount -t proc proc proc
mount --rbind /dev dev
mount --rbind /sys sys
umount -R sys/fs/cgroup
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t tmpfs run run
mkdir -p bellpush-test opt/bellpush/node_modules/bellpush
mount --bind "$folder" bellpush-test
mount --bind "$project" opt/bellpush/node_modules/bellpush
[ -e usr/bin/node ] || touch usr/bin/node
mount --bind "$node" usr/bin/node
# Nothing of this machine's own is started.
rm -rf etc/fstab etc/bellpush {etc,lib,usr/lib}/systemd/system/*.wants
cp -r "$folder/units/." etc/systemd/system/
cp -r "$folder/etc" etc/bellpush
chmod -R go= etc/bellpush
chmod 755 etc/bellpush
chmod 644 etc/bellpush/bellpush.toml
export container=bellpush-test
mkdir old-root
pivot_root . old-root
cd /
umount -l old-root
# What systemd mounts for a service, its processes must see.
mount --make-rshared /
exec /lib/systemd/systemd --system --unit=test.target
