/* SPDX-License-Identifier: GPL-2.0 */
/* Private to the emulated switch. Prototypes are grouped by object. */
#ifndef _FABRIC_EMU_H
#define _FABRIC_EMU_H

#include <linux/atomic.h>
#include <linux/configfs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <fabric/backend.h>

struct dentry;
struct emu_switch;
struct seq_file;

/**
 * DOC: locking
 *
 *   su_mutex             of configfs, held when it makes and drops items
 *   switch->lock         inside su_mutex: the configuration, and going live and
 *                        out of service. Taken by configfs only: it is held
 *                        while the core waits for ops and debugfs for its
 *                        files, so neither may take it. They read the
 *                        configuration without a lock, since it is frozen as
 *                        long as they can run.
 *   switch->events       inside switch->lock. Read by what debugfs makes happen,
 *                        written to end the domain, so that neither sees the
 *                        other half done.
 *   device->plug_lock    inside switch->events: whether the device is plugged.
 *                        Held while the core takes the device away.
 *   port->event_lock     inside switch->events: order of link events
 *   memory->slices       spinlock of the xarray, a leaf; keeps the slices in
 *                        it alive
 *   fault->lock          spinlock, a leaf
 *   cci->lock            spinlock, a leaf: the mailbox, and which vPPB a port is
 *                        bound to
 *
 * No op takes a mutex. The content of a slice needs no lock: an xarray, and
 * counters, one of which is the token bucket. Its pages leave by shrink and
 * release, when the core lets nobody touch them any more.
 */

/**
 * DOC: lifetime
 *
 * Switches, ports and devices are items of configfs, which frees them after
 * their directories are removed. While the switch is live, configfs refuses to
 * remove any of them (configfs_depend_item). A switch that has slices does not
 * go out of service, so whatever an op or a file in debugfs needs is there.
 * When it goes, the domain ends first, then the files in debugfs, then the
 * memories.
 *
 * A memory is what a device holds from one plugging to the next. Slices can
 * outlive the removal of their device, so memories stay until the switch goes
 * out of service.
 *
 * A slice has nothing of ours but an entry in its memory until somebody touches
 * it. What it gets then (pages, counters, the token bucket if it is throttled)
 * goes with its release.
 */

/* fault.c */

enum emu_op {
	EMU_OP_SLICE_PREPARE,
	EMU_OP_SLICE_COMMIT,
	EMU_OP_SLICE_REVOKE,
	EMU_OP_SLICE_RELEASE,
	EMU_OP_SLICE_SHRINK,
	EMU_OP_SLICE_COPY,
	EMU_OP_SLICE_PAGE,
	EMU_OP_PORT_BIND,
	EMU_OP_PORT_UNBIND,
	EMU_OP_PORT_SET_LINK,
	EMU_OP_PORT_SET_SPEED,
	EMU_OP_CCI,
	EMU_OP_COUNT
};

/**
 * struct emu_fault - what goes wrong in an op
 * @lock: protects the following
 * @error: what the op returns, negative, or 0
 * @times: how many more calls fail, -1 for all of them
 * @delay_ms: how long every call sleeps first
 * @count: number of calls
 * @wakes: number of times that the sleeping calls were woken
 * @sleepers: calls that sleep
 */
struct emu_fault {
	spinlock_t lock; /* all of it */
	int error;
	int times;
	unsigned int delay_ms;
	u64 count;
	unsigned int wakes;
	wait_queue_head_t sleepers;
};

void emu_faults_init(struct emu_switch *sw);
void emu_faults_reset(struct emu_switch *sw);
int emu_fault(struct emu_switch *sw, enum emu_op op, char *reason,
	      struct netlink_ext_ack *extack);
void emu_fault_wake(struct emu_switch *sw, enum emu_op op);
void emu_faults_debugfs(struct emu_switch *sw, struct dentry *parent);

/* port.c */

/**
 * struct emu_port - a port of the switch
 * @item: directory in configfs
 * @node: in the list of hosts or ports of the switch
 * @pinned: configfs refuses to remove @item; by switch->lock
 * @sw: where it belongs
 * @type: upstream for the port of a host, else downstream
 * @host: configuration: host that it is bound to at first, or empty
 * @speed: configuration: MT/s per lane
 * @width: configuration: lanes
 * @link: configuration: state of the link at first
 * @port: handle in the core, while live
 * @number: physical port number of the FM API, if there is a mailbox; constant
 *	while live
 * @bound: the upstream port of the host that it is bound to, or NULL; written
 *	by ops, which do not overlap, under cci->lock
 * @vppb: which of the vPPBs of that host, by cci->lock
 * @perst: PERST# is asserted
 * @link_now: state of the link
 * @speed_now: MT/s per lane that it is limited to; written with @event_lock
 * @event_lock: order of link events
 */
struct emu_port {
	struct config_item item;
	struct list_head node;
	bool pinned;
	struct emu_switch *sw;
	enum fabric_port_type type;
	char host[FABRIC_NAME_MAX_LEN + 1];
	u32 speed;
	u32 width;
	enum fabric_link link;
	struct fabric_port *port;
	u8 number;
	struct emu_port *bound;
	u8 vppb;
	bool perst;
	enum fabric_link link_now;
	u32 speed_now;
	struct mutex event_lock; /* order of link events */
};

extern const struct config_item_type emu_hosts_type;
extern const struct config_item_type emu_ports_type;

struct emu_port *emu_port_find(struct list_head *list, const char *name);
int emu_port_check(struct emu_port *port);
int emu_port_add(struct emu_port *port, struct fabric_port *parent);
void emu_port_debugfs(struct emu_port *port, struct dentry *parent);
void emu_port_state(struct emu_port *port, struct seq_file *m);
int emu_port_bind(struct fabric_port *handle, const struct fabric_port_bind_req *req,
		  struct netlink_ext_ack *extack);
int emu_port_unbind(struct fabric_port *handle, struct netlink_ext_ack *extack);
int emu_port_set_link(struct fabric_port *handle, enum fabric_link link,
		      struct netlink_ext_ack *extack);
int emu_port_set_speed(struct fabric_port *handle, u32 speed, struct netlink_ext_ack *extack);

/* cci.c */

/* Physical port numbers are a byte: a switch with more ports has no mailbox */
#define EMU_CCI_PORTS_MAX	255

/**
 * struct emu_cci - mailbox of the switch
 * @sw: where it belongs
 * @absent: the switch has none, constant while live
 * @lock: protects the following, and the vPPBs of the ports
 * @work: ends the background operation
 * @running: it has not ended
 * @opcode: the last background operation, 0 if there was none
 * @result: how it ended
 * @host: what is being bound: virtual switch, or NULL
 * @port: and port
 * @vppb: and vPPB
 * @message_length: fault: length that the answer is cut or stretched to, or -1
 * @payload_length: fault: the same, of the payload and in the header too, or -1
 * @flip_at: fault: byte of the answer that is changed
 * @flip: fault: bits of it that are
 */
struct emu_cci {
	struct emu_switch *sw;
	bool absent;
	spinlock_t lock; /* all but @sw, @absent, @work */
	struct work_struct work;
	bool running;
	u16 opcode;
	u16 result;
	struct emu_port *host;
	struct emu_port *port;
	u8 vppb;
	int message_length;
	int payload_length;
	u32 flip_at;
	u8 flip;
};

void emu_cci_init(struct emu_switch *sw);
void emu_cci_reset(struct emu_switch *sw);
void emu_cci_exit(struct emu_switch *sw);
void emu_cci_debugfs(struct emu_switch *sw, struct dentry *parent);
int emu_cci_bind(struct emu_port *port, struct emu_port *host);
void emu_cci_unbind(struct emu_port *port);
int emu_cci(void *domain_priv, const void *request, size_t len, void *response, size_t *size);

/* device.c */

/**
 * struct emu_device - a memory expander
 * @item: directory in configfs
 * @node: in the list of devices of the switch
 * @pinned: configfs refuses to remove @item; by switch->lock
 * @sw: where it belongs
 * @port: configuration: name of the downstream port
 * @size: configuration: bytes
 * @granule: configuration: bytes
 * @serial: configuration: serial number
 * @numa_node: configuration: node or NUMA_NO_NODE
 * @plug_lock: protects @device
 * @device: handle in the core while it is plugged
 */
struct emu_device {
	struct config_item item;
	struct list_head node;
	bool pinned;
	struct emu_switch *sw;
	char port[FABRIC_NAME_MAX_LEN + 1];
	u64 size;
	u64 granule;
	u64 serial;
	int numa_node;
	struct mutex plug_lock; /* device */
	struct fabric_device *device;
};

extern const struct config_item_type emu_devices_type;

int emu_device_check(struct emu_device *device);
int emu_device_plug(struct emu_device *device);
int emu_device_unplug(struct emu_device *device, const char *reason);
void emu_device_debugfs(struct emu_device *device, struct dentry *parent);
void emu_device_state(struct emu_device *device, struct seq_file *m);

/* slice.c */

/* A position in the dump of the state is the id of a memory and a granule. */
#define EMU_MEMORY_GRANULE_BITS	40
#define EMU_MEMORY_ID_MAX	(BIT(22) - 1)

/**
 * struct emu_memory - what a device holds while it is plugged
 * @sw: where it belongs
 * @device: the device
 * @id: index in switch->memories
 * @granule_shift: binary logarithm of the granule
 * @slices: prepared slices by the number of their first granule; the marks say
 *	how far they are
 */
struct emu_memory {
	struct emu_switch *sw;
	struct emu_device *device;
	u32 id;
	unsigned int granule_shift;
	struct xarray slices;
};

/**
 * struct emu_slice_state - what the backend believes of a slice
 * @device: name of the device
 * @grant_id: the grant
 * @start: offset in the resource
 * @length: length
 * @state: how far it is
 * @pages: pages that it has
 * @copied: bytes copied from and to it
 */
struct emu_slice_state {
	const char *device;
	u32 grant_id;
	u64 start;
	u64 length;
	const char *state;
	long pages;
	u64 copied;
};

struct emu_memory *emu_memory_alloc(struct emu_device *device);
void emu_memories_free(struct emu_switch *sw);
bool emu_memory_next_slice(struct emu_memory *memory, unsigned long *granule,
			   struct emu_slice_state *state);
int emu_slice_prepare(struct fabric_slice *slice, struct netlink_ext_ack *extack);
int emu_slice_commit(struct fabric_slice *slice, struct netlink_ext_ack *extack);
int emu_slice_revoke(struct fabric_slice *slice);
int emu_slice_release(struct fabric_slice *slice);
int emu_slice_shrink(struct fabric_slice *slice, u64 length);
ssize_t emu_slice_copy(struct fabric_slice *slice, u64 offset, struct iov_iter *iter,
		       bool to_slice);
int emu_slice_page(struct fabric_slice *slice, pgoff_t index, struct page **page);

/* throttle.c */
ssize_t emu_throttle(atomic64_t *bucket, u32 rate, size_t wanted);

/* state.c */
void emu_state_debugfs(struct emu_switch *sw, struct dentry *parent);

/* switch.c */

/**
 * struct emu_switch - an emulated switch, a domain
 * @group: directory in configfs
 * @hosts_group: directory hosts/
 * @ports_group: directory ports/
 * @devices_group: directory devices/
 * @lock: protects the configuration, @pinned and @error
 * @pinned: configfs refuses to remove @group
 * @error: why the last write to live failed
 * @hosts: upstream ports, struct emu_port
 * @ports: downstream ports, struct emu_port
 * @devices: struct emu_device
 * @events: see DOC: locking
 * @domain: handle in the core while live; by @lock and @events
 * @debugfs: directory in debugfs, while live
 * @faults: what goes wrong in the ops
 * @memories: struct emu_memory by id
 * @cci: mailbox
 */
struct emu_switch {
	struct config_group group;
	struct config_group hosts_group;
	struct config_group ports_group;
	struct config_group devices_group;
	struct mutex lock; /* see DOC: locking */
	bool pinned;
	char error[160];
	struct list_head hosts;
	struct list_head ports;
	struct list_head devices;
	struct rw_semaphore events;
	struct fabric_domain *domain;
	struct dentry *debugfs;
	struct emu_fault faults[EMU_OP_COUNT];
	struct xarray memories;
	struct emu_cci cci;
};

extern const struct config_item_type emu_root_type;

bool emu_switch_live(const struct emu_switch *sw);
int emu_name_check(const char *name);
int emu_name_parse(char *name, const char *page);
__printf(3, 4) int emu_switch_error(struct emu_switch *sw, int ret, const char *fmt, ...);

/* main.c */
extern struct dentry *emu_debugfs_root;

#endif /* _FABRIC_EMU_H */
