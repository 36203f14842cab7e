# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Emulated switches for tests, made in configfs by hand: what a test needs, and
# nothing of anybody else's.

# shellcheck source=modules.sh
. "${BASH_SOURCE[0]%/*}/modules.sh"

EMU_CONFIG=/sys/kernel/config/fabric_emu
EMU_DEBUG=/sys/kernel/debug/fabric_emu

emu_load()
{
	module_load fabric_emu || return
	mount_once configfs /sys/kernel/config || return
	mount_once debugfs /sys/kernel/debug
}

# emu_switch_new NAME: two hosts, not live
emu_switch_new()
{
	mkdir "$EMU_CONFIG/$1" "$EMU_CONFIG/$1/hosts/host0" "$EMU_CONFIG/$1/hosts/host1"
}

# emu_port_new SWITCH PORT [HOST]
emu_port_new()
{
	mkdir "$EMU_CONFIG/$1/ports/$2" || return
	[ -z "${3:-}" ] || echo "$3" >"$EMU_CONFIG/$1/ports/$2/host"
}

# emu_device_new SWITCH DEVICE PORT SIZE [GRANULE]
emu_device_new()
{
	local dir=$EMU_CONFIG/$1/devices/$2

	mkdir "$dir" && echo "$3" >"$dir/port" && echo "$4" >"$dir/size" || return
	[ -z "${5:-}" ] || echo "$5" >"$dir/granule"
}

emu_switch_live()
{
	echo 1 >"$EMU_CONFIG/$1/live" && return
	cat "$EMU_CONFIG/$1/error"
	return 1
}

# emu_switch_of NAME DEVICES SIZE GRANULE: live, with a port for each device. One
# program makes all of them, since starting one for each is slow.
emu_switch_of()
{
	local ports=() devices=() i

	emu_switch_new "$1" || return
	for ((i = 0; i < $2; i++)); do
		ports+=("$EMU_CONFIG/$1/ports/p$i")
		devices+=("$EMU_CONFIG/$1/devices/m$i")
	done
	mkdir "${ports[@]}" "${devices[@]}" || return
	for ((i = 0; i < $2; i++)); do
		echo host0 >"${ports[i]}/host" && echo "p$i" >"${devices[i]}/port" &&
			echo "$3" >"${devices[i]}/size" &&
			echo "$4" >"${devices[i]}/granule" || return
	done
	emu_switch_live "$1"
}

# Without a trace of it, if nothing of it is granted
emu_switch_del()
{
	local dir

	[ -d "$EMU_CONFIG/$1" ] || return 0
	emu_faults_clear "$1"
	echo 0 >"$EMU_CONFIG/$1/live" || { cat "$EMU_CONFIG/$1/error"; return 1; }
	for dir in "$EMU_CONFIG/$1"/{devices,ports,hosts}; do
		find "$dir" -mindepth 1 -maxdepth 1 -type d -exec rmdir {} +
	done
	rmdir "$EMU_CONFIG/$1"
}

# emu_fault SWITCH OP FILE VALUE: FILE is error, times or delay_ms
emu_fault()
{
	echo "$4" >"$EMU_DEBUG/$1/fault/$2/$3"
}

# emu_cci_fault SWITCH FILE VALUE: what becomes of the answers of its mailbox
emu_cci_fault()
{
	local file=$EMU_DEBUG/$1/fault/cci_message/$2

	[ ! -e "$file" ] || echo "$3" >"$file"
}

emu_count()
{
	cat "$EMU_DEBUG/$1/fault/$2/count"
}

emu_faults_clear()
{
	local dir

	for dir in "$EMU_DEBUG/$1"/fault/*/; do
		[ -d "$dir" ] || continue
		echo 0 >"$dir/error"
		echo 0 >"$dir/delay_ms"
		echo -1 >"$dir/times"
		# an operation that a failed test left there goes on
		echo 1 >"$dir/wake"
	done
	emu_cci_fault "$1" message_length -1
	emu_cci_fault "$1" payload_length -1
	emu_cci_fault "$1" flip 0
}

emu_remove()
{
	echo 1 >"$EMU_DEBUG/$1/devices/$2/surprise_remove"
}

emu_plug()
{
	echo 1 >"$EMU_DEBUG/$1/devices/$2/plug"
}

# What the backend believes of its slices: "GRANT START LENGTH STATE" lines
emu_slices()
{
	awk '$1 == "slice" { for (i = 2; i < NF; i += 2) v[$i] = $(i + 1)
		print v["grant"], v["start"], v["length"], v["state"] }' "$EMU_DEBUG/$1/state" | sort
}
