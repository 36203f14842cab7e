// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/wait.h>

#include "emu.h"

/* Long enough for every test, and below the limit of the hung task detector. */
#define EMU_DELAY_MAX_MS	60000

static const char * const emu_op_names[EMU_OP_COUNT] = {
	[EMU_OP_SLICE_PREPARE]	= "slice_prepare",
	[EMU_OP_SLICE_COMMIT]	= "slice_commit",
	[EMU_OP_SLICE_REVOKE]	= "slice_revoke",
	[EMU_OP_SLICE_RELEASE]	= "slice_release",
	[EMU_OP_SLICE_SHRINK]	= "slice_shrink",
	[EMU_OP_SLICE_COPY]	= "slice_copy",
	[EMU_OP_SLICE_PAGE]	= "slice_page",
	[EMU_OP_PORT_BIND]	= "port_bind",
	[EMU_OP_PORT_UNBIND]	= "port_unbind",
	[EMU_OP_PORT_SET_LINK]	= "port_set_link",
	[EMU_OP_PORT_SET_SPEED]	= "port_set_speed",
	[EMU_OP_CCI]		= "cci_message",
};

void emu_faults_init(struct emu_switch *sw)
{
	int op;

	for (op = 0; op < EMU_OP_COUNT; op++) {
		spin_lock_init(&sw->faults[op].lock);
		init_waitqueue_head(&sw->faults[op].sleepers);
	}
}

void emu_faults_reset(struct emu_switch *sw)
{
	int op;

	for (op = 0; op < EMU_OP_COUNT; op++) {
		struct emu_fault *fault = &sw->faults[op];

		spin_lock(&fault->lock);
		fault->error = 0;
		fault->times = -1;
		fault->delay_ms = 0;
		fault->count = 0;
		spin_unlock(&fault->lock);
	}
}

/*
 * The sleep is not interruptible: a delay that ends early when the caller is
 * killed would hide just what it is there to show. It ends early with a write
 * to wake. The error is looked up afterwards, so that it can be set or cleared
 * while the op sleeps.
 *
 * Every op calls this before it touches anything, so that an injected error
 * means that nothing was done.
 */
int emu_fault(struct emu_switch *sw, enum emu_op op, char *reason, struct netlink_ext_ack *extack)
{
	struct emu_fault *fault = &sw->faults[op];
	unsigned int delay_ms, wakes;
	int ret = 0;

	spin_lock(&fault->lock);
	fault->count++;
	delay_ms = fault->delay_ms;
	wakes = fault->wakes;
	spin_unlock(&fault->lock);

	if (delay_ms)
		wait_event_timeout(fault->sleepers, READ_ONCE(fault->wakes) != wakes,
				   msecs_to_jiffies(delay_ms));

	spin_lock(&fault->lock);
	if (fault->times) {
		ret = fault->error;
		if (ret && fault->times > 0)
			fault->times--;
	}
	spin_unlock(&fault->lock);

	if (ret && reason)
		snprintf(reason, FABRIC_NAME_MAX_LEN + 1, "Fault %s of the emulated switch is set",
			 emu_op_names[op]);
	if (ret)
		NL_SET_ERR_MSG_FMT(extack, "Fault %s of the emulated switch is set",
				   emu_op_names[op]);
	return ret;
}

static int error_get(void *data, u64 *val)
{
	struct emu_fault *fault = data;

	*val = (s64)READ_ONCE(fault->error);
	return 0;
}

static int error_set(void *data, u64 val)
{
	struct emu_fault *fault = data;
	s64 error = val;

	if (error < -MAX_ERRNO || error > MAX_ERRNO)
		return -EINVAL;
	spin_lock(&fault->lock);
	fault->error = error > 0 ? -error : error;
	spin_unlock(&fault->lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(error_fops, error_get, error_set, "%lld\n");

static int times_get(void *data, u64 *val)
{
	struct emu_fault *fault = data;

	*val = (s64)READ_ONCE(fault->times);
	return 0;
}

static int times_set(void *data, u64 val)
{
	struct emu_fault *fault = data;
	s64 times = val;

	if (times < -1 || times > INT_MAX)
		return -EINVAL;
	spin_lock(&fault->lock);
	fault->times = times;
	spin_unlock(&fault->lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(times_fops, times_get, times_set, "%lld\n");

static int delay_ms_get(void *data, u64 *val)
{
	struct emu_fault *fault = data;

	*val = READ_ONCE(fault->delay_ms);
	return 0;
}

static int delay_ms_set(void *data, u64 val)
{
	struct emu_fault *fault = data;

	if (val > EMU_DELAY_MAX_MS)
		return -EINVAL;
	spin_lock(&fault->lock);
	fault->delay_ms = val;
	spin_unlock(&fault->lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(delay_ms_fops, delay_ms_get, delay_ms_set, "%llu\n");

static void wake(struct emu_fault *fault)
{
	spin_lock(&fault->lock);
	WRITE_ONCE(fault->wakes, fault->wakes + 1);
	spin_unlock(&fault->lock);
	wake_up_all(&fault->sleepers);
}

static int wake_set(void *data, u64 val)
{
	if (val != 1)
		return -EINVAL;
	wake(data);
	return 0;
}

/* End the delays of the calls that wait now, when nobody can do it by hand any more. */
void emu_fault_wake(struct emu_switch *sw, enum emu_op op)
{
	wake(&sw->faults[op]);
}

DEFINE_DEBUGFS_ATTRIBUTE(wake_fops, NULL, wake_set, "%llu\n");

static int count_get(void *data, u64 *val)
{
	struct emu_fault *fault = data;

	spin_lock(&fault->lock);
	*val = fault->count;
	spin_unlock(&fault->lock);
	return 0;
}

static int count_set(void *data, u64 val)
{
	struct emu_fault *fault = data;

	if (val)
		return -EINVAL;
	spin_lock(&fault->lock);
	fault->count = 0;
	spin_unlock(&fault->lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(count_fops, count_get, count_set, "%llu\n");

void emu_faults_debugfs(struct emu_switch *sw, struct dentry *parent)
{
	struct dentry *top = debugfs_create_dir("fault", parent);
	int op;

	for (op = 0; op < EMU_OP_COUNT; op++) {
		struct dentry *dir = debugfs_create_dir(emu_op_names[op], top);
		struct emu_fault *fault = &sw->faults[op];

		if (op == EMU_OP_CCI)
			emu_cci_debugfs(sw, dir);

		debugfs_create_file_unsafe("error", 0600, dir, fault, &error_fops);
		debugfs_create_file_unsafe("times", 0600, dir, fault, &times_fops);
		debugfs_create_file_unsafe("delay_ms", 0600, dir, fault, &delay_ms_fops);
		debugfs_create_file_unsafe("wake", 0200, dir, fault, &wake_fops);
		debugfs_create_file_unsafe("count", 0600, dir, fault, &count_fops);
	}
}
