// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: a slice as system RAM
 *
 * The memory is added as driver managed, so that neither kexec nor the firmware
 * map count on it, and it is put online in ZONE_MOVABLE: only what can be moved
 * away is allocated there, else it could not be taken back.
 *
 * The kernel may put added memory online by itself, into a zone of its choice
 * (Debian's kernels do: into ZONE_NORMAL). A memory notifier vetoes every zone
 * but ZONE_MOVABLE for our ranges, whoever asks, and then each memory block is
 * put online by its own attribute "state". The function behind it is not
 * exported; the attribute is reached by the public struct device of the block.
 *
 * Going offline is tried until it succeeds or a signal arrives, which for pages
 * that somebody has pinned may be never. So it runs in a kthread of its own that
 * gets the signal when offline_timeout_ms is over. The kernel puts what was
 * offline by then online again, in the zone that it was in, and the core tries
 * later.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/memory.h>
#include <linux/memory-tiers.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "fabric_cxl.h"

/* The kernel wants this form, and programs that look for driver managed memory too */
#define RESOURCE_NAME	"System RAM (fabric)"

/* As kmem's for memory whose distance is not known: slower than DRAM */
#define ADISTANCE_DEFAULT	(MEMTIER_ADISTANCE_DRAM * 5)

static unsigned int offline_timeout_ms = 10000;
module_param(offline_timeout_ms, uint, 0644);
MODULE_PARM_DESC(offline_timeout_ms,
		 "How long one attempt to take system RAM offline may last (default: 10000)");

static DEFINE_SPINLOCK(ranges_lock);
static LIST_HEAD(ranges);

static DEFINE_MUTEX(types_lock);
static LIST_HEAD(types);

static bool is_ours(phys_addr_t addr)
{
	struct fabric_cxl_ram *ram;

	lockdep_assert_held(&ranges_lock);
	list_for_each_entry(ram, &ranges, node) {
		if (addr >= ram->start && addr - ram->start < ram->length)
			return true;
	}
	return false;
}

static int memory_event(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *arg = data;
	bool ours;

	if (action != MEM_GOING_ONLINE)
		return NOTIFY_DONE;
	spin_lock(&ranges_lock);
	ours = is_ours(PFN_PHYS(arg->start_pfn));
	spin_unlock(&ranges_lock);
	/* The pages are in the zone already, and leave it again after a veto */
	if (ours && page_zonenum(pfn_to_page(arg->start_pfn)) != ZONE_MOVABLE)
		return NOTIFY_BAD;
	return NOTIFY_OK;
}

static struct notifier_block memory_nb = { .notifier_call = memory_event };

/*
 * The bus of the memory blocks is not exported. Every device is in one kset, so
 * that of any device leads to a block by its name, and the block to its bus.
 */
static const struct bus_type *memory_bus(struct device *any, u64 addr)
{
	const struct bus_type *bus = NULL;
	struct kobject *kobj;
	char name[32];

	snprintf(name, sizeof(name), "memory%llu", addr / memory_block_size_bytes());
	kobj = kset_find_obj(any->kobj.kset, name);
	if (!kobj)
		return NULL;
	bus = kobj_to_dev(kobj)->bus;
	if (bus && strcmp(bus->name, "memory"))
		bus = NULL;
	kobject_put(kobj);
	return bus;
}

static struct device_attribute *block_state(struct device *block)
{
	const struct attribute_group *const *groups = block->groups;
	struct attribute **attr;

	for (; groups && *groups; groups++) {
		for (attr = (*groups)->attrs; attr && *attr; attr++) {
			if (!strcmp((*attr)->name, "state"))
				return container_of(*attr, struct device_attribute, attr);
		}
	}
	return NULL;
}

static int block_online(struct device *block, void *data)
{
	static const char movable[] = "online_movable";
	const struct fabric_cxl_ram *ram = data;
	struct device_attribute *state;
	ssize_t ret;
	char *buf;
	u64 start;

	start = (u64)block->id * memory_block_size_bytes();
	if (start < ram->start || start - ram->start >= ram->length)
		return 0;
	state = block_state(block);
	if (!state || !state->show || !state->store)
		return -EOPNOTSUPP;
	buf = (char *)get_zeroed_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	ret = state->show(block, state, buf);
	/* The kernel's own default may have been online_movable */
	if (ret > 0 && !strncmp(buf, "offline", strlen("offline"))) {
		while ((ret = state->store(block, state, movable, strlen(movable))) ==
		       -ERESTARTNOINTR) {
			/*
			 * Another hotplug is under way. A write() would be
			 * restarted, and pretends a signal for it.
			 */
			recalc_sigpending();
			msleep(20);
		}
	}
	free_page((unsigned long)buf);
	return ret < 0 ? ret : 0;
}

static void range_add(struct fabric_cxl_ram *ram)
{
	spin_lock(&ranges_lock);
	list_add_tail(&ram->node, &ranges);
	spin_unlock(&ranges_lock);
}

static void range_del(struct fabric_cxl_ram *ram)
{
	spin_lock(&ranges_lock);
	list_del(&ram->node);
	spin_unlock(&ranges_lock);
}

static int tier_add(struct fabric_cxl_ram *ram)
{
	int adist = ADISTANCE_DEFAULT;

	mt_calc_adistance(ram->nid, &adist);
	mutex_lock(&types_lock);
	ram->type = mt_find_alloc_memory_type(adist, &types);
	mutex_unlock(&types_lock);
	if (IS_ERR(ram->type))
		return PTR_ERR(ram->type);
	init_node_memory_type(ram->nid, ram->type);
	return 0;
}

struct offline_request {
	u64 start;
	u64 length;
	struct completion done;
	int ret;
};

static int offline_thread(void *data)
{
	struct offline_request *req = data;

	allow_signal(SIGTERM);
	req->ret = offline_and_remove_memory(req->start, req->length);
	complete(&req->done);
	/* The stack of the request lives until the thread is stopped */
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 100);
	return 0;
}

static int ram_offline(u64 start, u64 length)
{
	struct offline_request req = {
		.start = start,
		.length = length,
		.done = COMPLETION_INITIALIZER_ONSTACK(req.done),
	};
	struct task_struct *task;

	task = kthread_create(offline_thread, &req, "fabric-offline");
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	wake_up_process(task);
	if (!wait_for_completion_timeout(&req.done, msecs_to_jiffies(offline_timeout_ms))) {
		send_sig(SIGTERM, task, 1);
		wait_for_completion(&req.done);
	}
	kthread_stop(task);
	put_task_struct(task);
	return req.ret;
}

static int ram_in_use(char *reason, size_t size)
{
	strscpy(reason, "Memory is in use and could not be taken offline", size);
	return -EAGAIN;
}

/* Afterwards it is not known to the memory management any more, or an error says why. */
int fabric_cxl_ram_remove(struct fabric_cxl_ram *ram, char *reason, size_t size)
{
	if (!ram->added)
		return 0;
	if (ram_offline(ram->start, ram->length))
		return ram_in_use(reason, size);
	ram->added = false;
	memory_group_unregister(ram->mgid);
	clear_node_memory_type(ram->nid, ram->type);
	range_del(ram);
	return 0;
}

/* As remove, for what is behind @length. The group keeps its size, which is a limit only. */
int fabric_cxl_ram_shrink(struct fabric_cxl_ram *ram, u64 length, char *reason, size_t size)
{
	/* An attempt before this one may have failed later */
	if (length >= ram->length)
		return 0;
	if (ram_offline(ram->start + length, ram->length - length))
		return ram_in_use(reason, size);
	spin_lock(&ranges_lock);
	ram->length = length;
	spin_unlock(&ranges_lock);
	return 0;
}

int fabric_cxl_ram_add(struct fabric_cxl_ram *ram, int nid, struct device *any,
		       struct netlink_ext_ack *extack)
{
	char reason[FABRIC_NAME_MAX_LEN + 1];
	const struct bus_type *bus;
	int ret;

	ram->nid = nid;
	ret = tier_add(ram);
	if (ret)
		return ret;
	ram->mgid = memory_group_register_static(nid, PHYS_PFN(ram->length));
	if (ram->mgid < 0) {
		ret = ram->mgid;
		goto err_tier;
	}
	range_add(ram);
	/* Without MHP_MEMMAP_ON_MEMORY, so that all of the slice is usable memory */
	ret = add_memory_driver_managed(ram->mgid, ram->start, ram->length, RESOURCE_NAME,
					MHP_NID_IS_MGID);
	if (ret) {
		NL_SET_ERR_MSG(extack, "The kernel refuses to add the memory, see its log");
		goto err_range;
	}
	ram->added = true;
	bus = memory_bus(any, ram->start);
	ret = bus ? bus_for_each_dev(bus, NULL, ram, block_online) : -ENODEV;
	if (ret) {
		NL_SET_ERR_MSG(extack, "The memory could not be put online in ZONE_MOVABLE");
		/* If that fails too, the release of the slice tries again */
		fabric_cxl_ram_remove(ram, reason, sizeof(reason));
	}
	return ret;

err_range:
	range_del(ram);
	memory_group_unregister(ram->mgid);
err_tier:
	clear_node_memory_type(nid, ram->type);
	return ret;
}

int fabric_cxl_ram_init(void)
{
	return register_memory_notifier(&memory_nb);
}

/* There are no slices any more. */
void fabric_cxl_ram_exit(void)
{
	unregister_memory_notifier(&memory_nb);
	mutex_lock(&types_lock);
	mt_put_memory_types(&types);
	mutex_unlock(&types_lock);
}
