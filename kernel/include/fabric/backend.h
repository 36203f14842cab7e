/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interface between the core of the fabric broker and its backends.
 *
 * This is all that a backend includes of the core.
 */
#ifndef _FABRIC_BACKEND_H
#define _FABRIC_BACKEND_H

#include <linux/bits.h>
#include <linux/if_ether.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/numa.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/fabric.h>

/**
 * DOC: life of a backend
 *
 * A backend registers a domain, adds ports, devices and resources to it while
 * it is live, and takes them away again. All handles are made and freed by the
 * core and are valid for the backend from the call that returns them until it
 * removes them; @priv of each belongs to the backend.
 *
 *   domain = fabric_domain_register(&info, &ops, priv);
 *     port = fabric_port_add(domain, &info, priv);
 *     device = fabric_device_add(domain, &info, priv);
 *       resource = fabric_resource_add(device, &info, priv);
 *       ...
 *     fabric_device_remove(device, timeout);     (its resources go with it)
 *     fabric_port_remove(port);
 *   fabric_domain_unregister(domain);
 *
 * These calls may sleep, take the lock of the domain, and those that remove must
 * not be made from an op nor with a lock held that an op takes.
 *
 * A slice pins the module of its backend: while one exists, the module does
 * not go, and the ops are called. What the ops need of a device must therefore
 * live until the last slice of it was released, which can be long after
 * fabric_device_remove() returned.
 */

struct iov_iter;

struct fabric_domain;
struct fabric_port;
struct fabric_device;
struct fabric_resource;

#define FABRIC_MODE_BIT(mode)	BIT(mode)
#define FABRIC_NO_SERIAL	0
#define FABRIC_COPY_MAX		SZ_64K
#define FABRIC_NO_ADDRESS	(~0ULL)

#define FABRIC_PCI_ADDRESS_LEN		16

/**
 * struct fabric_slice - what a backend sees of a slice
 * @resource_priv: @priv of the resource
 * @start: offset in the resource, multiple of its granule
 * @length: length, multiple of its granule
 * @mode: how it is to appear
 * @uid: whom a device node is to belong to
 * @gid: and its group
 * @bandwidth_max: Mb/s that copies, or what it sends, are throttled to, 0 for no limit
 * @mac: address of a network function, all zeroes for none
 * @vlan: that it is in, 0 for none
 * @force: it can be something that the host uses
 * @driver: name of the driver for mode driver, or NULL
 * @group: with all that can't be isolated from it
 * @grant_id: the grant that it is in, for names and messages
 * @priv: free for the backend, NULL before the first prepare
 * @node: set by commit where the mode has a node: name below /dev
 * @function: set by prepare where it is a PCI function: its address
 * @reason: set by a revoke or release that fails: what is in the way, a
 *	sentence for people without full stop
 *
 * All but @priv, @node, @function and @reason are constant from prepare to release,
 * but for @length, which becomes smaller after slice_shrink().
 */
struct fabric_slice {
	void *resource_priv;
	u64 start;
	u64 length;
	enum fabric_mode mode;
	kuid_t uid;
	kgid_t gid;
	u32 bandwidth_max;
	u8 mac[ETH_ALEN] __aligned(2);
	u16 vlan;
	bool force;
	const char *driver;
	bool group;
	u32 grant_id;
	void *priv;
	char node[32];
	char function[FABRIC_PCI_ADDRESS_LEN];
	char reason[FABRIC_NAME_MAX_LEN + 1];
};

/**
 * struct fabric_port_bind_req - request to bind a port
 * @host: name of the host
 */
struct fabric_port_bind_req {
	const char *host;
};

/**
 * struct fabric_region_req - request to take over a region or to give it back
 * @name: the kernel's name of the region, such as "region0"
 */
struct fabric_region_req {
	const char *name;
};

#define FABRIC_PCI_BARS			6
#define FABRIC_PCI_GROUP_MEMBERS	16

/**
 * struct fabric_pci_info - what is known of a PCI function
 * @address: "0000:01:00.0"
 * @vendor: vendor ID
 * @device: device ID
 * @subsystem_vendor: subsystem vendor ID, 0 for bridges
 * @subsystem_device: subsystem ID
 * @class: base class, sub-class and programming interface
 * @revision: revision ID
 * @serial: serial number or FABRIC_NO_SERIAL
 * @numa_node: node or NUMA_NO_NODE
 * @slot: number of the slot, -1 if there is none
 * @speed: MT/s per lane, 0 if unknown
 * @width: lanes, 0 if unknown
 * @speed_max: what it is capable of, 0 without a link
 * @width_max: what it is capable of, 0 without a link
 * @payload: bytes, 0 if it is no PCIe function
 * @payload_max: bytes
 * @read_request: bytes
 * @has_acs: the next two are known
 * @acs: BIT() of enum fabric_pci_acs, what it has
 * @acs_enabled: what is enabled of that
 * @iommu_group: number or -1
 * @nr_group_members: length of @group_members
 * @group_members: addresses of others in the group
 * @has_aer: the next three are known
 * @aer_correctable: correctable errors
 * @aer_nonfatal: uncorrectable errors that were not fatal
 * @aer_fatal: fatal errors
 * @driver: name of the driver or ""
 * @power: power state, 0 if unknown
 * @vfs: virtual functions that are enabled
 * @vfs_max: 0 without SR-IOV
 * @physfn: address of the physical function of a virtual one, or ""
 * @vf_index: number of a virtual function
 * @reset: ways to reset it or ""
 * @bars: base address registers; of size 0 what there is none of
 * @bars.size: bytes
 * @bars.sizes: BIT(n) for 2^n MiB that it can be resized to, 0 if it cannot
 * @is_port: obstacles are not known
 * @obstacles: BIT() of enum fabric_pci_obstacle
 * @acs_missing: address of the function that lacks ACS, or ""
 * @host_use: what the host uses it for, for people, or ""
 *
 * All zeroes before it is filled in, so that two can be compared as memory.
 */
struct fabric_pci_info {
	char address[FABRIC_PCI_ADDRESS_LEN];
	u32 vendor;
	u32 device;
	u32 subsystem_vendor;
	u32 subsystem_device;
	u32 class;
	u32 revision;
	u64 serial;
	int numa_node;
	int slot;
	u32 speed;
	u32 width;
	u32 speed_max;
	u32 width_max;
	u32 payload;
	u32 payload_max;
	u32 read_request;
	bool has_acs;
	u32 acs;
	u32 acs_enabled;
	int iommu_group;
	unsigned int nr_group_members;
	char group_members[FABRIC_PCI_GROUP_MEMBERS][FABRIC_PCI_ADDRESS_LEN];
	bool has_aer;
	u64 aer_correctable;
	u64 aer_nonfatal;
	u64 aer_fatal;
	char driver[FABRIC_NAME_MAX_LEN + 1];
	enum fabric_pci_power power;
	u32 vfs;
	u32 vfs_max;
	char physfn[FABRIC_PCI_ADDRESS_LEN];
	u32 vf_index;
	char reset[FABRIC_NAME_MAX_LEN + 1];
	struct {
		u64 size;
		u64 sizes;
	} bars[FABRIC_PCI_BARS];
	bool is_port;
	u32 obstacles;
	char acs_missing[FABRIC_PCI_ADDRESS_LEN];
	char host_use[FABRIC_NAME_MAX_LEN + 1];
};

/**
 * struct fabric_backend_ops - what a backend can do
 *
 * Every op may sleep and is called without any lock of the core, in the
 * context of the request or of a work item. The core makes sure that ops of
 * one object do not overlap: those of one slice, those of one port. Ops of
 * different objects run at the same time.
 *
 * Errors reach the user unchanged; @extack, where there is one and the error
 * is the user's to mend, says what to do.
 */
struct fabric_backend_ops {
	/** @owner: module that a slice pins */
	struct module *owner;

	/** @name: name of the backend as users see it */
	const char *name;

	/** @throttles: it heeds &fabric_slice.bandwidth_max, or refuses a slice with it */
	bool throttles;

	/**
	 * @refresh: look again at what changes without a word
	 *
	 * Optional. Called before ports or devices of the domain are shown, and
	 * before functions are granted. Tell by the functions for events, and by
	 * fabric_resource_withhold(), what has changed.
	 */
	void (*refresh)(void *domain_priv);

	/**
	 * @slice_prepare: first step of a grant
	 *
	 * The four steps of a slice come together, or not at all where no
	 * device has a resource.
	 *
	 * Get everything that can fail, and make sure that the memory holds
	 * nothing of an earlier holder. The slice is reserved and not visible
	 * to the holder yet. After an error nothing is left to release.
	 */
	int (*slice_prepare)(struct fabric_slice *slice, struct netlink_ext_ack *extack);

	/**
	 * @slice_commit: second step, when all slices of the grant are prepared
	 *
	 * Make the slice usable in its mode and set @node. After an error the
	 * slice is as prepare left it, and slice_release() follows.
	 */
	int (*slice_commit)(struct fabric_slice *slice, struct netlink_ext_ack *extack);

	/**
	 * @slice_revoke: take the slice from its holder
	 *
	 * Called after commit, again until it succeeds. Afterwards the holder
	 * reaches nothing of it any more.
	 *
	 * Return: 0, -EAGAIN when the host itself still uses it (it stays in
	 * the grant, in state revoking), or another error when it left the
	 * holder but can't be proven so (it is quarantined). Set @reason with
	 * every error. The core tries again by itself.
	 */
	int (*slice_revoke)(struct fabric_slice *slice);

	/**
	 * @slice_release: last step, after revoke, or after prepare alone
	 *
	 * Make the memory clean for the next holder and free @priv. Afterwards
	 * the extent is free capacity.
	 *
	 * Return: 0, or an error when it can't be proven clean (it is
	 * quarantined, and release is called again). Set @reason then.
	 */
	int (*slice_release)(struct fabric_slice *slice);

	/**
	 * @slice_shrink: take the tail of a slice from its holder
	 *
	 * Optional. Called between commit and revoke. The slice is to end at
	 * @length, a multiple of what its mode needs, below its present length
	 * and not 0. Mappings of the tail have been ended. Make the tail clean
	 * for the next holder. The core changes &fabric_slice.length after
	 * success.
	 *
	 * Return: 0, -EAGAIN when the host itself still uses the tail, or
	 * another error when it can't be given; the slice is as before then.
	 * Set @reason with every error.
	 */
	int (*slice_shrink)(struct fabric_slice *slice, u64 length);

	/**
	 * @slice_copy: copy from or to a slice in mode map
	 *
	 * Optional. Copies as much of @iter as there is between @offset and the
	 * end of the slice, no faster than &fabric_slice.bandwidth_max if
	 * @throttles is set. Called with a lock that only ends when the op
	 * does and that whoever revokes waits for: sleeps are interruptible,
	 * and a call copies no more than FABRIC_COPY_MAX bytes.
	 *
	 * Return: number of bytes copied, at least one, or -EFAULT, -EINTR,
	 * -ENOSPC or another error.
	 */
	ssize_t (*slice_copy)(struct fabric_slice *slice, u64 offset, struct iov_iter *iter,
			      bool to_slice);

	/**
	 * @slice_page: page of a slice in mode map, for a page fault
	 *
	 * Optional; mandatory with FABRIC_MODE_MAP. Called with the mmap lock
	 * held and only between commit and revoke. @index is the offset in the
	 * slice in pages. The caller gets a reference to the page in @page.
	 *
	 * Return: 0, -ENOMEM (the holder gets SIGBUS or is killed), or another
	 * error (SIGBUS).
	 */
	int (*slice_page)(struct fabric_slice *slice, pgoff_t index, struct page **page);

	/**
	 * @port_bind: bind a downstream port to a host
	 *
	 * Optional. The port is unbound. After an error it goes to state error
	 * when the code is -EIO or -ETIMEDOUT (hardware state unknown), else it
	 * is unbound as before.
	 */
	int (*port_bind)(struct fabric_port *port, const struct fabric_port_bind_req *req,
			 struct netlink_ext_ack *extack);

	/**
	 * @port_unbind: undo @port_bind
	 *
	 * Mandatory with @port_bind. The port is bound or in state error, and no
	 * device below it has slices. After -EIO or -ETIMEDOUT it goes to state
	 * error, after any other error it is bound as before.
	 */
	int (*port_unbind)(struct fabric_port *port, struct netlink_ext_ack *extack);

	/**
	 * @port_set_link: bring the link of a port up or down
	 *
	 * Optional. The state differs from the present one; a link that goes
	 * down has no slices below. -EBUSY if the backend knows of something
	 * else below that needs the link. The core records the new state after
	 * success. Devices below stay registered, and none of their capacity
	 * is granted while the link is down.
	 */
	int (*port_set_link)(struct fabric_port *port, enum fabric_link link,
			     struct netlink_ext_ack *extack);

	/**
	 * @port_set_speed: limit the speed of the link of a port, in MT/s
	 *
	 * Optional. The link carries what is guaranteed of it at that speed.
	 * Tell the speed that it has then by fabric_port_link_event(). The
	 * core records the limit after success.
	 */
	int (*port_set_speed)(struct fabric_port *port, u32 speed,
			      struct netlink_ext_ack *extack);

	/**
	 * @port_set_idle: say what a port does while nothing below it is used
	 *
	 * Optional. The core records the choice after success.
	 */
	int (*port_set_idle)(struct fabric_port *port, enum fabric_port_idle idle,
			     struct netlink_ext_ack *extack);

	/**
	 * @region_take: take over a region
	 *
	 * Optional. Adds a device of type region, named like the region, with
	 * its resource to the domain. Taking a region over twice is -EEXIST.
	 */
	int (*region_take)(void *domain_priv, const struct fabric_region_req *req,
			   struct netlink_ext_ack *extack);

	/**
	 * @region_give: give a region back
	 *
	 * Mandatory with @region_take. Named, not pointed to: the region may be
	 * leaving by itself at the same time. Remove the device with
	 * fabric_device_withdraw(), which refuses while there are slices, then
	 * undo @region_take.
	 *
	 * Return: 0, -ENOENT when there is no such region any more, or another
	 * error.
	 */
	int (*region_give)(void *domain_priv, const struct fabric_region_req *req,
			   struct netlink_ext_ack *extack);

	/**
	 * @cci: send a message to the switch of the domain, get its answer
	 *
	 * Optional; makes the domain one that the FM API manages, see
	 * fabric/cci.h. Request and response are whole messages with their
	 * headers; @size is the room for the response and becomes its length.
	 * Calls for one domain can overlap. The core looks at what the response
	 * says and does not trust it.
	 *
	 * Return: 0 if the switch answered, whatever it answered; -ETIMEDOUT if
	 * it did not, -ENODEV if it is gone, -EMSGSIZE if the messages are too
	 * long for it, or another error.
	 */
	int (*cci)(void *domain_priv, const void *request, size_t len, void *response,
		   size_t *size);
};

/**
 * struct fabric_port_power - what a port does to save power
 * @speed_limit: MT/s that its link may have at most, 0 if unknown
 * @idle: what it does while nothing below it is used, 0 if it has no choice
 * @rested: ms that it has slept since the kernel found it
 */
struct fabric_port_power {
	u32 speed_limit;
	enum fabric_port_idle idle;
	u64 rested;
};

/**
 * struct fabric_port_info - a port at its registration
 * @parent: port above, or NULL
 * @name: unique in the domain
 * @type: place in the fabric
 * @link: state of the link
 * @speed: MT/s per lane, 0 if unknown
 * @width: lanes, 0 if unknown
 * @bindable: a downstream port that can be bound to hosts
 * @host: host that it is bound to already, or NULL
 * @number: physical port number, in a domain with the op cci
 * @pci: what is known of it as a PCI function, or NULL
 * @power: what it does to save power
 */
struct fabric_port_info {
	struct fabric_port *parent;
	const char *name;
	enum fabric_port_type type;
	enum fabric_link link;
	u32 speed;
	u32 width;
	bool bindable;
	const char *host;
	u8 number;
	const struct fabric_pci_info *pci;
	struct fabric_port_power power;
};

/**
 * struct fabric_device_info - a device at its registration
 * @port: port that it is attached to, or NULL for a region
 * @name: unique in the domain
 * @type: what it is
 * @serial: serial number or FABRIC_NO_SERIAL
 * @capacity: bytes
 * @numa_node: node or NUMA_NO_NODE
 * @members: memory devices of a region in the order of their position
 * @nr_members: their number
 * @pci: what is known of it as a PCI function, or NULL
 */
struct fabric_device_info {
	struct fabric_port *port;
	const char *name;
	enum fabric_device_type type;
	u64 serial;
	u64 capacity;
	int numa_node;
	struct fabric_device *const *members;
	unsigned int nr_members;
	const struct fabric_pci_info *pci;
};

/**
 * struct fabric_resource_info - a resource at its registration
 * @kind: what is counted
 * @capability: what it can do, such as "ram"
 * @by_name: only a request that names its capability gets it, of a tenant whose quota does
 * @total: total capacity, multiple of @granule
 * @granule: unit of allocation, a power of two
 * @modes: FABRIC_MODE_BIT() of the modes that it offers
 * @mode_align: alignment that slices of a mode need, by mode - 1; a power of two
 *	not smaller than @granule, 0 means @granule
 * @address: physical address of the first byte or FABRIC_NO_ADDRESS
 * @numa_node: node or NUMA_NO_NODE
 *
 * Offset 0 of a resource with an address is aligned to every @mode_align as an
 * offset; a backend whose base address is less aligned offers what is.
 */
struct fabric_resource_info {
	enum fabric_kind kind;
	const char *capability;
	bool by_name;
	u64 total;
	u64 granule;
	u32 modes;
	u64 mode_align[FABRIC_MODE_MAX];
	u64 address;
	int numa_node;
};

struct fabric_domain *fabric_domain_register(const char *name,
					     const struct fabric_backend_ops *ops, void *priv);
int fabric_domain_unregister(struct fabric_domain *domain);
int fabric_domain_discover(struct fabric_domain *domain);

struct fabric_port *fabric_port_add(struct fabric_domain *domain,
				    const struct fabric_port_info *info, void *priv);
void fabric_port_remove(struct fabric_port *port);
void fabric_port_link_event(struct fabric_port *port, enum fabric_link link, u32 speed, u32 width);
void fabric_port_power_event(struct fabric_port *port, const struct fabric_port_power *power);
void fabric_port_pci_event(struct fabric_port *port, const struct fabric_pci_info *pci);
void *fabric_port_priv(struct fabric_port *port);

struct fabric_device *fabric_device_add(struct fabric_domain *domain,
					const struct fabric_device_info *info, void *priv);
void fabric_device_pci_event(struct fabric_device *device, const struct fabric_pci_info *pci);
bool fabric_device_removes_vfs(struct fabric_device *device);
int fabric_device_withdraw(struct fabric_device *device, struct netlink_ext_ack *extack);
int fabric_device_remove(struct fabric_device *device, const char *reason, unsigned long timeout);

struct fabric_resource *fabric_resource_add(struct fabric_device *device,
					    const struct fabric_resource_info *info, void *priv);
void fabric_resource_withhold(struct fabric_resource *resource, u64 start, const char *reason,
			      bool forcible);

void fabric_slice_lost(struct fabric_slice *slice, const char *reason);

#endif /* _FABRIC_BACKEND_H */
