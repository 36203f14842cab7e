# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The way to the QEMU that runs this guest: $qmp is scripts/lab/qmp.py, or empty.

qmp=
for file in "${FABRIC_QMP:-}" "$SELFTESTS/../scripts/lab/qmp.py"; do
	[ ! -x "$file" ] || qmp=$file
done
no_qmp="no way to QEMU: set FABRIC_QMP to qmp.py"

qmp_need()
{
	[ -n "$qmp" ] || ktap_skip_all "$no_qmp"
}

# qmp_ask ARGS...: one speaks with QEMU at a time, and waits long for what is slow
qmp_ask()
{
	flock "$KTAP_TMP" "$qmp" --timeout 60 "$@" >/dev/null 2>&1
}
