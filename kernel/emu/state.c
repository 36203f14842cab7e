// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "emu.h"

/**
 * struct emu_state_iter - a reader of the state
 * @sw: switch
 * @slice: the slice to show next
 */
struct emu_state_iter {
	struct emu_switch *sw;
	struct emu_slice_state slice;
};

/*
 * A position is 0 for ports and devices, else the id of a memory and a
 * granule: where to go on after any number of slices came and went. The
 * memories themselves stay as long as this file.
 */
static void *state_find(struct emu_state_iter *iter, loff_t *pos)
{
	unsigned long id = *pos >> EMU_MEMORY_GRANULE_BITS;
	unsigned long granule = *pos & (BIT_ULL(EMU_MEMORY_GRANULE_BITS) - 1);
	struct emu_memory *memory;

	xa_for_each_start(&iter->sw->memories, id, memory, id) {
		if (id != *pos >> EMU_MEMORY_GRANULE_BITS)
			granule = 0;
		if (!emu_memory_next_slice(memory, &granule, &iter->slice))
			continue;
		*pos = ((loff_t)id << EMU_MEMORY_GRANULE_BITS) | granule;
		return iter;
	}
	return NULL;
}

static void *state_start(struct seq_file *m, loff_t *pos)
{
	if (!*pos)
		return SEQ_START_TOKEN;
	return state_find(m->private, pos);
}

static void *state_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return state_find(m->private, pos);
}

static void state_stop(struct seq_file *m, void *v)
{
}

static int state_show(struct seq_file *m, void *v)
{
	struct emu_state_iter *iter = m->private;
	const struct emu_slice_state *slice = &iter->slice;
	struct emu_switch *sw = iter->sw;
	struct emu_device *device;
	struct emu_port *port;

	if (v != SEQ_START_TOKEN) {
		seq_printf(m,
			   "slice device %s grant %u start %llu length %llu mode map state %s pages %ld copied %llu\n",
			   slice->device, slice->grant_id, slice->start, slice->length,
			   slice->state, slice->pages, slice->copied);
		return 0;
	}
	list_for_each_entry(port, &sw->hosts, node)
		emu_port_state(port, m);
	list_for_each_entry(port, &sw->ports, node)
		emu_port_state(port, m);
	list_for_each_entry(device, &sw->devices, node)
		emu_device_state(device, m);
	return 0;
}

static const struct seq_operations state_seq_ops = {
	.start	= state_start,
	.next	= state_next,
	.stop	= state_stop,
	.show	= state_show,
};

static int state_open(struct inode *inode, struct file *file)
{
	struct emu_state_iter *iter;

	iter = __seq_open_private(file, &state_seq_ops, sizeof(*iter));
	if (!iter)
		return -ENOMEM;
	iter->sw = inode->i_private;
	return 0;
}

static const struct file_operations state_fops = {
	.owner		= THIS_MODULE,
	.open		= state_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};

void emu_state_debugfs(struct emu_switch *sw, struct dentry *parent)
{
	debugfs_create_file("state", 0400, parent, sw, &state_fops);
}
