#!/bin/sh
# clean-system.sh SYSTEM LAYERS TRIAL PROGRAM…: runs a program in a clean system, in namespaces that the caller has made.
# What it writes goes to a layer over the system. The folder TRIAL is /trial there.
set -eu
system=$1 layers=$2 trial=$3
shift 3
mkdir -p "$layers/over" "$layers/work" "$layers/root"
mount -t overlay overlay -o "lowerdir=$system,upperdir=$layers/over,workdir=$layers/work" "$layers/root"
cd "$layers/root"
mount -t proc proc proc
# The parameters of this machine's kernel are not the trial's, those of its network are.
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs dev
mkdir dev/net dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev
mknod -m 0666 dev/net/tun c 10 200
mount -t tmpfs -o mode=0755 tmpfs run
mkdir -p trial
mount --bind "$trial" trial
exec chroot . env -i "$@"
