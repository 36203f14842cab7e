#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - boot a VM on the lab's root, run a command in it as root with the
# repository at /fabric (read-write) as the working directory, and exit with its
# status.
#
# Usage: vm.sh [OPTIONS] [--] COMMAND [ARGS...]
#
#   --kernel 6.12|7.2      kernel series, or a full release      [FABRIC_KERNEL]
#   --topology NAME        a file of topology/ (cxl-switch)      [FABRIC_TOPOLOGY]
#   --memory SIZE          of the guest (3G)                     [FABRIC_MEMORY]
#   --cpus N               (2)                                   [FABRIC_CPUS]
#   --tcg multi|single     emulate processors that run at a time (multi), or by
#                          turns: several times as quick where the host's own are
#                          shared with another VM                [FABRIC_TCG]
#   --timeout SEC          for everything (300)                  [FABRIC_TIMEOUT]
#   --log FILE             where to leave the guest's kernel log [FABRIC_LOG]
#   --append ARGS          more kernel parameters                [FABRIC_APPEND]
#   --qemu ARGS            more arguments for QEMU               [FABRIC_QEMU]
#   --allow REGEX          kernel messages that are expected, though they look
#                          like a defect                         [FABRIC_ALLOW]
#   --hypervisor-bit       leave CPUID's hypervisor bit on: the kernel then
#                          refuses to commit a CXL region
#   --systemd FILE         let systemd boot the guest, and the command be one of its
#                          services; what is written below / is kept in FILE, a disk
#                          with a file system ext2 or later, for the next boot
#   --quiet                only the command's output, no boot time
#
# Variables named FABRIC_* and KSFT_* are passed to the command. The guest's root
# is the lab's root, with writes kept in memory (but see --systemd); configfs,
# debugfs and tracefs are mounted; /fabric/scripts/lab/qmp.py talks to QEMU.
# FABRIC_KVM=1 uses KVM instead of emulation: /dev/kvm is no proof that a kernel
# boots under it.
#
# Status: the command's, but
#   1    the command passed and the kernel log has a defect (BUG, WARNING, ...)
#   124  the time is over
#   125  the VM ended without a verdict (panic, QEMU failed, killed)
#   2    wrong arguments

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname -- "$0")/lab.sh"

KERNEL=${FABRIC_KERNEL:-6.12}
TOPOLOGY=${FABRIC_TOPOLOGY:-cxl-switch}
MEMORY=${FABRIC_MEMORY:-3G}
CPUS=${FABRIC_CPUS:-2}
TIMEOUT=${FABRIC_TIMEOUT:-300}
LOG=${FABRIC_LOG:-}
APPEND=${FABRIC_APPEND:-}
QEMU=${FABRIC_QEMU:-}
ALLOW=${FABRIC_ALLOW:-}
# Emulated, wide vectors make a shell a third slower
CPU=max,-avx,-avx2
HYPERVISOR=-
TCG=${FABRIC_TCG:-multi}
QUIET=
SYSTEMD=

# shellcheck source-path=SCRIPTDIR source=../../selftests/lib/defects.sh
. "$REPO/selftests/lib/defects.sh"
# Taint: 4 machine check, 5 bad page, 7 oops, 9 warning, 14 soft lockup
TAINT=$((1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

# Inside the mount and process namespace: start vng in the root.
if [ "${1:-}" = --inner ]; then
	root=$2 run=$3
	shift 3
	mount_in_root "$root"
	mkdir -p "$root/lab-run"
	mount --bind "$run" "$root/lab-run"
	# Two minutes for udev are too few for a kernel with instruments on a busy machine,
	# and without what it makes there is no way to the guest.
	guest_init=$root/usr/lib/python3/dist-packages/virtme/guest/virtme-init
	sed 's/udevadm settle$/& --timeout=1200/' "$guest_init" >"$run/virtme-init"
	chmod 755 "$run/virtme-init"
	mount --bind "$run/virtme-init" "$guest_init"
	# Nobody writes to the root while a guest runs: what was read once is kept there
	mkinitramfs=$root/usr/lib/python3/dist-packages/virtme/mkinitramfs.py
	sed 's/access=any \/dev\/root/access=any,cache=loose,msize=512000 \/dev\/root/' \
		"$mkinitramfs" >"$run/mkinitramfs.py"
	mount --bind "$run/mkinitramfs.py" "$mkinitramfs"
	unset TMPDIR
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export HOME=/tmp LC_ALL=C.UTF-8
	exec chroot "$root" "$@"
fi

while [ $# -gt 0 ]; do
	case $1 in
	--help|-h) usage; exit ;;
	--hypervisor-bit) HYPERVISOR=+; shift; continue ;;
	--quiet) QUIET=1; shift; continue ;;
	--) shift; break ;;
	--kernel|--topology|--memory|--cpus|--tcg|--timeout|--log|--append|--qemu|--allow|--systemd)
		[ $# -ge 2 ] || { say "$1 needs a value"; exit 2; }
		var=${1#--}
		declare "${var^^}=$2"
		shift 2
		;;
	-*) say "unknown option $1 (see --help)"; exit 2 ;;
	*) break ;;
	esac
done
[ -z "$SYSTEMD" ] || SYSTEMD=$(realpath --relative-to="$REPO" "$SYSTEMD")
[ $# -gt 0 ] || { say "a command to run in the guest is needed (see --help)"; exit 2; }
[[ $TIMEOUT =~ ^[0-9]+$ ]] || { say "--timeout takes seconds"; exit 2; }
[[ $TCG =~ ^(multi|single)$ ]] || { say "--tcg takes multi or single"; exit 2; }
if [ ! -e "$LAB_SCRIPTS/topology/$TOPOLOGY" ]; then
	say "no topology '$TOPOLOGY'; there are: $(cd "$LAB_SCRIPTS/topology" && echo *)"
	exit 2
fi
need_root

root=$("$LAB_SCRIPTS/root.sh" | tail -n 1)
[ -d "$root" ] || fail "the lab's root could not be made"
release=$("$LAB_SCRIPTS/kernel.sh" "$KERNEL")

TOPOLOGY_QEMU=() TOPOLOGY_DRIVES=() TOPOLOGY_APPEND=
# shellcheck source-path=SCRIPTDIR source=topology/cxl-switch
. "$LAB_SCRIPTS/topology/$TOPOLOGY"

mkdir -p "$LAB/run" "$root/fabric" "$root/lab-run"
# A directory is locked by whoever uses it, who may be in another PID namespace; those
# that are not were left by a vm.sh that was killed.
exec 8>"$LAB/run/lock"
flock 8
for old in "$LAB"/run/vm.*; do
	[ ! -d "$old" ] || ! flock -n "$old" true || rm -rf "$old"
done
run=$(mktemp -d "$LAB/run/vm.XXXXXX")
exec 9<"$run"
flock 9
exec 8>&-
vm=
# shellcheck disable=SC2317 # run by the trap
cleanup()
{
	# The namespaces die with this process, and QEMU and all mounts with them
	[ -z "$vm" ] || kill -KILL "$vm" 2>/dev/null || :
	rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# Sparse, and gone with the VM
for drive in "${TOPOLOGY_DRIVES[@]}"; do
	truncate -s 64M "$run/$drive"
done

# What runs in the guest
{
	while IFS= read -r name; do
		declare -p "$name" | sed 's/^declare -[^ ]*/export/'
	done < <(compgen -e | grep -E '^(FABRIC|KSFT)_')
	printf 'COMMAND=('
	printf '%q ' "$@"
	printf ')\n'
	cat <<-'END'
		export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		export HOME=/tmp LC_ALL=C.UTF-8 FABRIC_IN_VM=1
		cut -d ' ' -f 1 /proc/uptime >/lab-run/booted
		# Each opening of a file of the root asks the host, which on a busy machine
		# takes longer than all else that starts a program
		mkdir /run/usr
		if mount -o ro,noatime -L fabric-programs /run/usr 2>/dev/null; then
			for dir in /run/usr/{bin,sbin,lib64} /run/usr/lib/*; do
				mount --bind "$dir" "${dir#/run}"
			done
			mount --bind /run/usr/ld.so.cache /etc/ld.so.cache
		fi
		cd /fabric
		# what make install would do
		install -D -m 644 -t /run/udev/rules.d scripts/udev/60-fabric.rules
		udevadm control --reload
		"${COMMAND[@]}"
		status=$?
		# What the command caused may still be on its way to the log
		udevadm settle --timeout=5
		dmesg >/lab-run/dmesg
		cat /proc/sys/kernel/tainted >/lab-run/tainted
		echo $status >/lab-run/status.new
		mv /lab-run/status.new /lab-run/status
		sync
	END
} >"$run/command"

if [ -n "$SYSTEMD" ]; then
	QEMU+=" -drive file=/fabric/$SYSTEMD,if=virtio,format=raw"
else
	QEMU+=" -drive id=programs,file=$LAB_PROGRAMS,if=none,format=raw,readonly=on"
	QEMU+=" -device virtio-blk-pci,bus=pcie.0,drive=programs"
fi
accel=(--disable-kvm)
if [ "${FABRIC_KVM:-}" = 1 ]; then
	accel=()
else
	QEMU+=" -accel tcg,thread=$TCG"
fi
# shellcheck disable=SC2054 # the commas are QEMU's
# The socket between the two ends of the monitor is in the VM's own /tmp
qemu=(
	-nodefaults -M "q35,sata=off,smbus=off,i8042=off" -cpu "$CPU,${HYPERVISOR}hypervisor"
	"${TOPOLOGY_QEMU[@]}"
	-chardev file,id=klog,path=/lab-run/console
	-chardev socket,id=qmpsrv,path=/tmp/qmp,server=on,wait=off
	-object monitor-qmp,id=qmpmon,chardev=qmpsrv
	-chardev socket,id=qmpcli,path=/tmp/qmp
	-device virtio-serial-pci,bus=pcie.0,id=fabricports
	-device virtconsole,bus=fabricports.0,chardev=klog
	-device virtserialport,bus=fabricports.0,chardev=qmpcli,name=fabric.qmp
)
# Warnings go to a console at once, so that they outlive a panic; not to a serial
# port, as vng has the first one and the kernel uses only one. The watchdogs have
# patience with emulation on a busy machine.
append="console=hvc0 loglevel=5 panic=-1 log_buf_len=8M"
append+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
# Boots a third faster; what needs one of these can modprobe it
append+=" mitigations=off cryptomgr.notests"
append+=" modprobe.blacklist=kvm_amd,iTCO_wdt,lpc_ich,i6300esb,pcspkr,evdev,button"
append+=" $TOPOLOGY_APPEND $APPEND"
# The first that is given is the one that runs
[ -z "$SYSTEMD" ] ||
	append+=" init=/fabric/scripts/lab/systemd-init systemd.firstboot=off systemd.getty_auto=no"
vng=(vng --run "/boot/vmlinuz-$release" "${accel[@]}" --disable-microvm --force-9p
	--user root --memory "$MEMORY" --cpus "$CPUS" --rwdir=/fabric --rwdir=/lab-run)
for word in $append; do
	vng+=(--append "$word")
done
vng+=(--qemu-opts="${qemu[*]} $QEMU" -- bash /lab-run/command)

# Each link of the chain kills the next when it dies. Pipes, because QEMU would
# truncate a file that is its standard output.
started=$SECONDS
setpriv --pdeathsig KILL \
timeout --foreground --signal=KILL "$TIMEOUT" \
setpriv --pdeathsig KILL \
unshare --mount --propagation private --pid --fork --kill-child \
	"$0" --inner "$root" "$run" "${vng[@]}" \
	</dev/null > >(exec cat) 2> >(exec cat >&2) &
vm=$!
status=0
wait "$vm" || status=$?
vm=

defects()
{
	local file

	for file in "$run/dmesg" "$run/console"; do
		[ -s "$file" ] || continue
		# An empty pattern would match every line, this one none
		grep -aE "$DEFECTS" "$file" | grep -avE "${ALLOW:-^\b$}" || :
		return 0
	done
}

if [ -n "$LOG" ]; then
	mkdir -p "$(dirname -- "$LOG")"
	cat "$run/dmesg" >"$LOG" 2>/dev/null || cat "$run/console" >"$LOG" 2>/dev/null || : >"$LOG"
fi

if [ ! -s "$run/status" ]; then
	defects | head -n 40 >&2
	if [ "$status" -eq 124 ] || [ "$status" -eq 137 ] && [ $((SECONDS - started)) -ge "$TIMEOUT" ]; then
		say "FAILED: no verdict after $TIMEOUT s, the VM was ended (--timeout gives it longer)"
		tail -n 5 "$run/console" >&2 2>/dev/null || :
		exit 124
	fi
	say "FAILED: the VM ended without a verdict (status $status); the last of its console:"
	tail -n 20 "$run/console" >&2 2>/dev/null || :
	exit 125
fi

# A service has no terminal
[ -z "$SYSTEMD" ] || cat "$run/out"
status=$(cat "$run/status")
[ -n "$QUIET" ] || say "kernel $release, topology $TOPOLOGY: command started $(cat "$run/booted") s after the kernel, $((SECONDS - started)) s in all, status $status"
found=$(defects)
if [ -z "$found" ] && [ -z "$ALLOW" ] && [ $(($(cat "$run/tainted") & TAINT)) -ne 0 ]; then
	found="the kernel is tainted ($(cat "$run/tainted")), but the log no longer says why"
fi
if [ -n "$found" ]; then
	say "FAILED: defects in the kernel log:"
	printf '%s\n' "$found" >&2
	[ "$status" -ne 0 ] || status=1
fi
exit "$status"
