// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions of the CXL core of the kernel: the only file that knows libcxl and
 * libdaxctl, and a shared object of its own, which region.c loads.
 *
 * Every call looks at the system anew, since libcxl caches what it saw.
 */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cxl/libcxl.h>
#include <daxctl/libdaxctl.h>

#include "ctx.h"

#define MAX_WAYS	16		/* CXL 3.1, section 8.2.4.20.7 */
#define REGION_ALIGN	(256ULL << 20)	/* CXL 3.1, section 9.18.1.3 */

struct fabric_cxl {
	struct cxl_ctx *cxl;
	char log[256];		/* last thing libcxl had to say */
	struct fabric_region region;
	const char *members[MAX_WAYS];
};

static void keep_log(struct fabric_cxl *fc, int priority, const char *format, va_list args)
{
	if (!fc || priority > LOG_ERR)
		return;
	vsnprintf(fc->log, sizeof(fc->log), format, args);
	fc->log[strcspn(fc->log, "\n")] = '\0';
}

static void keep_cxl_log(struct cxl_ctx *cxl, int priority, const char *file, int line,
			 const char *function, const char *format, va_list args)
{
	(void)file;
	(void)line;
	(void)function;
	keep_log(cxl_get_userdata(cxl), priority, format, args);
}

static void keep_dax_log(struct daxctl_ctx *dax, int priority, const char *file, int line,
			 const char *function, const char *format, va_list args)
{
	(void)file;
	(void)line;
	(void)function;
	keep_log(daxctl_get_userdata(dax), priority, format, args);
}

static void cxl_close(struct fabric_cxl *fc)
{
	if (!fc)
		return;
	if (fc->cxl)
		cxl_unref(fc->cxl);
	free(fc);
}

static int look(struct fabric_ctx *ctx)
{
	struct fabric_cxl *fc = ctx->cxl;
	int err;

	ctx_clear(ctx);
	if (!fc) {
		fc = calloc(1, sizeof(*fc));
		if (!fc)
			return -ENOMEM;
		ctx->cxl = fc;
	}
	if (fc->cxl)
		cxl_unref(fc->cxl);
	fc->cxl = NULL;
	fc->log[0] = '\0';
	err = cxl_new(&fc->cxl);
	if (err) {
		fc->cxl = NULL;
		return ctx_fail(ctx, err, "libcxl can't be used");
	}
	cxl_set_userdata(fc->cxl, fc);
	cxl_set_log_fn(fc->cxl, keep_cxl_log);
	cxl_set_log_priority(fc->cxl, LOG_ERR);
	return 0;
}

/* Fail with what libcxl said, which starts with the name of the object. */
static int step_failed(struct fabric_ctx *ctx, int err, const char *step, const char *hint)
{
	const char *log = ctx->cxl->log;

	if (err > 0)
		err = -err;
	if (log[0])
		return ctx_fail(ctx, err, "%s failed (%s)%s", step, log, hint);
	return ctx_fail(ctx, err, "%s failed%s", step, hint);
}

/* Looking */

static struct cxl_region *find_region(struct cxl_ctx *cxl, const char *name)
{
	struct cxl_decoder *decoder;
	struct cxl_region *region;
	struct cxl_bus *bus;

	cxl_bus_foreach(cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), decoder)
			cxl_region_foreach(decoder, region)
				if (!strcmp(cxl_region_get_devname(region), name))
					return region;
	return NULL;
}

/* Name of the driver of dax_regionN, which libcxl does not tell. */
static void get_dax_driver(const struct cxl_region *region, char driver[FABRIC_NAME_SIZE])
{
	char path[64], target[PATH_MAX];
	const char *base;
	ssize_t len;

	driver[0] = '\0';
	snprintf(path, sizeof(path), "/sys/bus/cxl/devices/dax_region%d/driver",
		 cxl_region_get_id((struct cxl_region *)region));
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return;
	target[len] = '\0';
	base = strrchr(target, '/');
	snprintf(driver, FABRIC_NAME_SIZE, "%.*s", FABRIC_NAME_MAX_LEN,
		 base ? base + 1 : target);
}

static void fill_region(struct cxl_region *cxlr, struct fabric_region *region,
			const char *members[MAX_WAYS])
{
	struct cxl_memdev_mapping *mapping;
	struct cxl_memdev *memdev;
	unsigned int position;

	memset(region, 0, sizeof(*region));
	memset(members, 0, MAX_WAYS * sizeof(*members));
	region->address = cxl_region_get_resource(cxlr);
	region->size = cxl_region_get_size(cxlr);
	region->granularity = cxl_region_get_interleave_granularity(cxlr);
	region->ways = cxl_region_get_interleave_ways(cxlr);
	if (region->ways > MAX_WAYS)
		region->ways = MAX_WAYS;
	region->members = members;
	region->committed = cxl_region_decode_is_committed(cxlr) == 1;
	region->enabled = cxl_region_is_enabled(cxlr);
	region->ram = cxl_region_get_mode(cxlr) == CXL_DECODER_MODE_RAM;
	get_dax_driver(cxlr, region->dax_driver);
	snprintf(region->name, sizeof(region->name), "%s", cxl_region_get_devname(cxlr));

	cxl_mapping_foreach(cxlr, mapping) {
		position = cxl_mapping_get_position(mapping);
		memdev = cxl_decoder_get_memdev(cxl_mapping_get_decoder(mapping));
		if (memdev && position < region->ways)
			members[position] = cxl_memdev_get_devname(memdev);
	}
}

static int region_list(struct fabric_ctx *ctx, fabric_region_cb cb, void *data)
{
	const char *members[MAX_WAYS];
	struct fabric_region region;
	struct cxl_decoder *decoder;
	struct cxl_region *cxlr;
	struct cxl_ctx *cxl;
	struct cxl_bus *bus;
	int err;

	err = look(ctx);
	if (err)
		return err;
	/* The callback may look again and replace the one of the context. */
	cxl = cxl_ref(ctx->cxl->cxl);
	cxl_bus_foreach(cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), decoder)
			cxl_region_foreach(decoder, cxlr) {
				fill_region(cxlr, &region, members);
				err = cb(&region, data);
				if (err)
					goto out;
			}
out:
	cxl_unref(cxl);
	return err;
}

/* Creating */

static struct cxl_memdev *find_memdev(struct cxl_ctx *cxl, const char *name)
{
	struct cxl_memdev *memdev;

	cxl_memdev_foreach(cxl, memdev)
		if (!strcmp(cxl_memdev_get_devname(memdev), name))
			return memdev;
	return NULL;
}

static int find_memdevs(struct fabric_ctx *ctx, const struct fabric_region_req *req,
			struct cxl_memdev **memdevs)
{
	unsigned int i, j;

	if (!req->nr_memdevs || req->nr_memdevs > MAX_WAYS)
		return ctx_fail(ctx, -EINVAL, "A region has 1 to %d memory devices", MAX_WAYS);
	for (i = 0; i < req->nr_memdevs; i++) {
		memdevs[i] = find_memdev(ctx->cxl->cxl, req->memdevs[i]);
		if (!memdevs[i])
			return ctx_fail(ctx, -ENODEV, "There is no CXL memory device \"%s\"",
					req->memdevs[i]);
		if (!cxl_memdev_is_enabled(memdevs[i]) || !cxl_memdev_get_endpoint(memdevs[i]))
			return ctx_fail(ctx, -ENXIO,
					"%s is not enabled, run \"cxl enable-memdev %s\"",
					req->memdevs[i], req->memdevs[i]);
		for (j = 0; j < i; j++)
			if (memdevs[i] == memdevs[j])
				return ctx_fail(ctx, -EINVAL, "%s is named twice",
						req->memdevs[i]);
	}
	return 0;
}

/* The window of the host bridge for volatile memory that reaches all devices */
static struct cxl_decoder *find_window(struct cxl_ctx *cxl, struct cxl_memdev **memdevs,
				       unsigned int count)
{
	struct cxl_decoder *decoder, *best = NULL;
	struct cxl_bus *bus;
	unsigned int i;

	cxl_bus_foreach(cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), decoder) {
			if (!cxl_decoder_is_volatile_capable(decoder) ||
			    !cxl_decoder_is_mem_capable(decoder))
				continue;
			for (i = 0; i < count; i++)
				if (!cxl_decoder_get_target_by_memdev(decoder, memdevs[i]))
					break;
			if (i < count)
				continue;
			if (!best || cxl_decoder_get_max_available_extent(decoder) >
				     cxl_decoder_get_max_available_extent(best))
				best = decoder;
		}
	return best;
}

static bool decoder_is_free(struct cxl_decoder *decoder)
{
	return !cxl_decoder_get_size(decoder) && !cxl_decoder_get_dpa_size(decoder) &&
	       !cxl_decoder_get_region(decoder);
}

/* The lowest that is free: decoders are committed in order. */
static struct cxl_decoder *find_endpoint_decoder(struct cxl_memdev *memdev)
{
	struct cxl_port *port = cxl_endpoint_get_port(cxl_memdev_get_endpoint(memdev));
	struct cxl_decoder *decoder;

	cxl_decoder_foreach(port, decoder)
		if (decoder_is_free(decoder))
			return decoder;
	return NULL;
}

static unsigned long long free_ram(struct cxl_memdev *memdev)
{
	struct cxl_port *port = cxl_endpoint_get_port(cxl_memdev_get_endpoint(memdev));
	unsigned long long used = 0, total = cxl_memdev_get_ram_size(memdev), size;
	struct cxl_decoder *decoder;

	cxl_decoder_foreach(port, decoder) {
		size = cxl_decoder_get_dpa_size(decoder);
		if (size && size != ULLONG_MAX &&
		    cxl_decoder_get_mode(decoder) == CXL_DECODER_MODE_RAM)
			used += size;
	}
	return used < total ? total - used : 0;
}

/*
 * Device memory that no region has: of somebody who was killed before it was
 * attached. It can be freed from the last decoder on.
 */
static void free_leftovers(struct cxl_memdev *memdev)
{
	struct cxl_port *port = cxl_endpoint_get_port(cxl_memdev_get_endpoint(memdev));
	struct cxl_decoder *decoder;

	cxl_decoder_foreach_reverse(port, decoder)
		if (cxl_decoder_get_dpa_size(decoder) && !cxl_decoder_get_size(decoder) &&
		    !cxl_decoder_get_region(decoder) &&
		    cxl_decoder_get_mode(decoder) == CXL_DECODER_MODE_RAM)
			cxl_decoder_set_dpa_size(decoder, 0);
}

static int choose_size(struct fabric_ctx *ctx, const struct fabric_region_req *req,
		       struct cxl_decoder *window, struct cxl_memdev **memdevs,
		       unsigned long long *size)
{
	const unsigned long long align = REGION_ALIGN * req->nr_memdevs;
	unsigned long long least = ULLONG_MAX, max, room;
	unsigned int i, tightest = 0;

	/* find_memdevs() refuses a region of none */
	assert(align);
	for (i = 0; i < req->nr_memdevs; i++) {
		room = free_ram(memdevs[i]);
		if (room < least) {
			least = room;
			tightest = i;
		}
	}
	max = least * req->nr_memdevs;
	room = cxl_decoder_get_max_available_extent(window);
	if (room != ULLONG_MAX && room < max)
		max = room;
	max -= max % align;

	*size = req->size ? req->size : max;
	if (*size % align)
		return ctx_fail(ctx, -EINVAL,
				"The size of a region over %u devices is a multiple of %llu MiB",
				req->nr_memdevs, align >> 20);
	if (!max || *size > max)
		return ctx_fail(ctx, -ENOSPC,
				"At most %llu MiB are left (%s has %llu MiB, %s %llu MiB in a row)",
				max >> 20, req->memdevs[tightest], least >> 20,
				cxl_decoder_get_devname(window), room >> 20);
	return 0;
}

static int attach(struct fabric_ctx *ctx, struct cxl_region *cxlr, unsigned int position,
		  struct cxl_decoder *decoder, unsigned long long size)
{
	int err;

	if (cxl_decoder_get_mode(decoder) != CXL_DECODER_MODE_RAM) {
		err = cxl_decoder_set_mode(decoder, CXL_DECODER_MODE_RAM);
		if (err)
			return step_failed(ctx, err, "Setting the mode of a decoder", "");
	}
	err = cxl_decoder_set_dpa_size(decoder, size);
	if (err)
		return step_failed(ctx, err, "Allocating device memory", "");
	err = cxl_region_set_target(cxlr, position, decoder);
	if (err)
		return step_failed(ctx, err, "Attaching a memory device", "");
	return 0;
}

static int activate(struct fabric_ctx *ctx, struct cxl_region *cxlr)
{
	static const char hint[] =
		"; in a virtual machine the kernel needs a CPU without the hypervisor bit";
	int err;

	err = cxl_region_decode_commit(cxlr);
	if (err)
		return step_failed(ctx, err, "Committing the region", err == -ENXIO ? hint : "");
	err = cxl_region_enable(cxlr);
	if (err)
		return step_failed(ctx, err, "Enabling the region", "");
	return 0;
}

static int build(struct fabric_ctx *ctx, const struct fabric_region_req *req,
		 struct cxl_region *cxlr, struct cxl_decoder *window,
		 struct cxl_memdev **memdevs, unsigned long long size)
{
	const unsigned int ways = req->nr_memdevs;
	struct cxl_decoder *decoders[MAX_WAYS];
	unsigned int granularity, i;
	int err;

	granularity = req->granularity ? req->granularity :
		      cxl_decoder_get_interleave_granularity(window);
	err = cxl_region_set_interleave_granularity(cxlr, granularity);
	if (err)
		return step_failed(ctx, err, "Setting the granularity",
				   "; it is a power of two from 256 to 16384");
	err = cxl_region_set_interleave_ways(cxlr, ways);
	if (err)
		return step_failed(ctx, err, "Setting the interleave ways", "");
	err = cxl_region_set_size(cxlr, size);
	if (err)
		return step_failed(ctx, err, "Setting the size", "");
	for (i = 0; i < ways; i++) {
		decoders[i] = find_endpoint_decoder(memdevs[i]);
		if (!decoders[i]) {
			err = ctx_fail(ctx, -ENOSPC, "%s has no free decoder", req->memdevs[i]);
			break;
		}
		err = attach(ctx, cxlr, i, decoders[i], size / ways);
		if (err) {
			i++;
			break;
		}
	}
	if (!err)
		err = activate(ctx, cxlr);
	if (!err)
		return 0;

	/* What a step did not get to is refused here, and that is fine. */
	if (cxl_region_is_enabled(cxlr))
		cxl_region_disable(cxlr);
	cxl_region_decode_reset(cxlr);
	while (i--) {
		if (!decoders[i])
			continue;
		cxl_region_clear_target(cxlr, i);
		cxl_decoder_set_dpa_size(decoders[i], 0);
	}
	return err;
}

/* The kernel's DAX devices */

static int release_dev(struct fabric_ctx *ctx, struct daxctl_dev *dev)
{
	struct daxctl_memory *memory = daxctl_dev_get_memory(dev);
	const char *name = daxctl_dev_get_devname(dev);
	int err;

	if (memory && daxctl_memory_is_online(memory) > 0) {
		err = daxctl_memory_offline(memory);
		if (err < 0) {
			/* Some of it may be offline now, and the system miss it. */
			daxctl_memory_online(memory);
			return ctx_fail(ctx, -EBUSY,
					"Memory of %s is in use and can't be taken offline", name);
		}
	}
	if (daxctl_dev_is_enabled(dev)) {
		err = daxctl_dev_disable(dev);
		if (err < 0)
			return ctx_fail(ctx, err, "%s can't be disabled", name);
	}
	if (!daxctl_dev_get_size(dev))
		return 0;
	/* The first device of a region can't be deleted, only emptied. */
	err = daxctl_dev_set_size(dev, 0);
	if (err < 0)
		return ctx_fail(ctx, err, "%s can't be emptied", name);
	if (daxctl_dev_get_id(dev) > 0)
		daxctl_region_destroy_dev(daxctl_dev_get_region(dev), dev);
	return 0;
}

static int release_dax(struct fabric_ctx *ctx, struct cxl_region *cxlr)
{
	struct daxctl_dev *dev, *next;
	struct daxctl_region *dax;
	int err;

	dax = cxl_region_get_daxctl_region(cxlr);
	if (!dax)
		return 0;
	daxctl_set_userdata(daxctl_region_get_ctx(dax), ctx->cxl);
	daxctl_set_log_fn(daxctl_region_get_ctx(dax), keep_dax_log);
	daxctl_dev_foreach_safe(dax, dev, next) {
		err = release_dev(ctx, dev);
		if (err)
			return err;
	}
	return 0;
}

static int region_release_dax(struct fabric_ctx *ctx, const char *name)
{
	struct cxl_region *cxlr;
	int err;

	err = look(ctx);
	if (err)
		return err;
	cxlr = find_region(ctx->cxl->cxl, name);
	if (!cxlr)
		return ctx_fail(ctx, -ENODEV, "There is no region \"%s\"", name);
	return release_dax(ctx, cxlr);
}

/* Destroying */

static int read_text(const char *path, char *text, size_t size)
{
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return -EIO;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/*
 * Whether any memory block of a region is in use by the kernel. That can be so
 * without a DAX device: kmem leaves memory behind that it could not remove.
 */
static bool memory_is_online(struct cxl_region *cxlr)
{
	unsigned long long address = cxl_region_get_resource(cxlr);
	unsigned long long size = cxl_region_get_size(cxlr), block, i;
	char path[80], text[32];

	if (address == ULLONG_MAX || !size ||
	    read_text("/sys/devices/system/memory/block_size_bytes", text, sizeof(text)))
		return false;
	block = strtoull(text, NULL, 16);
	if (!block)
		return false;
	for (i = address / block; i <= (address + size - 1) / block; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state", i);
		if (!read_text(path, text, sizeof(text)) && strcmp(text, "offline"))
			return true;
	}
	return false;
}

static int clear_targets(struct fabric_ctx *ctx, struct cxl_region *cxlr,
			 struct cxl_decoder **decoders)
{
	unsigned int i;
	int err;

	for (i = 0; i < MAX_WAYS; i++) {
		if (!decoders[i])
			continue;
		err = cxl_region_clear_target(cxlr, i);
		if (err)
			return step_failed(ctx, err, "Detaching a memory device", "");
		err = cxl_decoder_set_dpa_size(decoders[i], 0);
		if (err)
			return step_failed(ctx, err, "Freeing device memory", "");
	}
	return 0;
}

static int destroy(struct fabric_ctx *ctx, struct cxl_region *cxlr)
{
	struct cxl_decoder *decoders[MAX_WAYS] = {};
	struct cxl_memdev_mapping *mapping;
	unsigned int i;
	int err;

	err = release_dax(ctx, cxlr);
	if (err)
		return err;
	if (memory_is_online(cxlr))
		return ctx_fail(ctx, -EBUSY,
				"Memory of %s is online as system RAM, take it offline first",
				cxl_region_get_devname(cxlr));
	cxl_mapping_foreach(cxlr, mapping) {
		i = cxl_mapping_get_position(mapping);
		if (i < MAX_WAYS)
			decoders[i] = cxl_mapping_get_decoder(mapping);
	}
	if (cxl_region_is_enabled(cxlr)) {
		err = cxl_region_disable(cxlr);
		if (err)
			return step_failed(ctx, err, "Disabling the region", "");
	}
	if (cxl_region_decode_is_committed(cxlr) == 1) {
		err = cxl_region_decode_reset(cxlr);
		if (err)
			return step_failed(ctx, err, "Resetting the decoders", "");
	}
	err = clear_targets(ctx, cxlr, decoders);
	if (err)
		return err;
	err = cxl_region_delete(cxlr);
	if (err)
		return step_failed(ctx, err, "Deleting the region", "");
	return 0;
}

static int region_destroy(struct fabric_ctx *ctx, const char *name)
{
	struct cxl_region *cxlr;
	int err;

	err = look(ctx);
	if (err)
		return err;
	cxlr = find_region(ctx->cxl->cxl, name);
	if (!cxlr)
		return ctx_fail(ctx, -ENODEV, "There is no region \"%s\"", name);
	return destroy(ctx, cxlr);
}

/* Creating for the broker */

static int create(struct fabric_ctx *ctx, const struct fabric_region_req *req,
		  char name[FABRIC_NAME_SIZE])
{
	struct cxl_memdev *memdevs[MAX_WAYS];
	struct cxl_decoder *window;
	unsigned long long size;
	struct cxl_region *cxlr;
	unsigned int i;
	int err;

	err = find_memdevs(ctx, req, memdevs);
	if (err)
		return err;
	window = find_window(ctx->cxl->cxl, memdevs, req->nr_memdevs);
	if (!window)
		return ctx_fail(ctx, -ENXIO,
				"No window for volatile memory reaches all of these devices");
	/* Those who make regions for the broker take turns. */
	for (i = 0; req->domain_id && i < req->nr_memdevs; i++)
		free_leftovers(memdevs[i]);
	err = choose_size(ctx, req, window, memdevs, &size);
	if (err)
		return err;
	cxlr = cxl_decoder_create_ram_region(window);
	if (!cxlr)
		return step_failed(ctx, -ENXIO, "Making a region", "");
	err = build(ctx, req, cxlr, window, memdevs, size);
	if (err) {
		cxl_region_delete(cxlr);
		return err;
	}
	snprintf(name, FABRIC_NAME_SIZE, "%s", cxl_region_get_devname(cxlr));
	return 0;
}

/* The broker did not get it: leave nothing behind, but keep what it said. */
static void undo_create(struct fabric_ctx *ctx, const char *name)
{
	const char *attr = ctx->error_attr;
	char text[sizeof(ctx->error)];

	memcpy(text, ctx->error, sizeof(text));
	if (region_destroy(ctx, name))
		snprintf(ctx->error, sizeof(ctx->error), "%s stays but is not taken over: %.400s",
			 name, text);
	else
		memcpy(ctx->error, text, sizeof(text));
	ctx->error_attr = attr;
}

/*
 * Enabling a region adds a device for its DAX side. Were dax_cxl to bind to that,
 * the kernel would put the memory online in ZONE_NORMAL at once, where it may
 * never get away from again. The device has no switch for this, but its bus has.
 *
 * The switch must not stay off, whatever ends this process, so it is for another
 * one to turn it on again: a child of nobody in a session of its own, which waits
 * for its socket to be closed. It has the file too, and with it the lock, so
 * whoever comes next sees what was there before.
 */
#define AUTOPROBE	"/sys/bus/cxl/drivers_autoprobe"

struct autoprobe {
	int file;
	int socket;		/* -1 if the switch was off before */
	sigset_t signals;
};

/* Between fork() and the end: nothing that takes a lock, there may be threads. */
static void guard_autoprobe(int file, int sock)
{
	const unsigned int low = file < sock ? file : sock;
	const unsigned int high = file < sock ? sock : file;
	char byte;

	if (low)
		close_range(0, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
	setsid();
	if (read(sock, &byte, 1) < 0 || pwrite(file, "1", 1, 0) < 0)
		_exit(1);
	_exit(0);
}

static int start_guard(int file, int sockets[2])
{
	pid_t child, guard;
	int status;

	child = fork();
	if (child < 0)
		return -errno;
	if (!child) {
		guard = fork();
		if (!guard)
			guard_autoprobe(file, sockets[1]);
		_exit(guard < 0);
	}
	/* Where SIGCHLD is ignored nobody tells, and the guard is there. */
	if (waitpid(child, &status, 0) < 0)
		return errno == ECHILD ? 0 : -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EAGAIN;
}

static int turn_off(struct autoprobe *autoprobe)
{
	int sockets[2], err;
	char was;

	if (flock(autoprobe->file, LOCK_EX) || pread(autoprobe->file, &was, 1, 0) != 1)
		return errno ? -errno : -EIO;
	if (was == '0')
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	err = start_guard(autoprobe->file, sockets);
	close(sockets[1]);
	if (!err && pwrite(autoprobe->file, "0", 1, 0) < 0)
		err = -errno;
	if (err)
		close(sockets[0]);
	else
		autoprobe->socket = sockets[0];
	return err;
}

/* Signals wait: they would leave a region that is half made. */
static int autoprobe_off(struct fabric_ctx *ctx, struct autoprobe *autoprobe)
{
	sigset_t all;
	int err;

	autoprobe->socket = -1;
	autoprobe->file = open(AUTOPROBE, O_RDWR | O_CLOEXEC);
	if (autoprobe->file < 0)
		return ctx_fail(ctx, -errno, "%s can't be opened", AUTOPROBE);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &autoprobe->signals);
	errno = 0;
	err = turn_off(autoprobe);
	if (!err)
		return 0;
	pthread_sigmask(SIG_SETMASK, &autoprobe->signals, NULL);
	close(autoprobe->file);
	return ctx_fail(ctx, err, "%s can't be turned off for as long as it takes", AUTOPROBE);
}

static void autoprobe_restore(struct autoprobe *autoprobe)
{
	char byte;

	if (autoprobe->socket >= 0) {
		/* Its end is closed when it has done its work. */
		shutdown(autoprobe->socket, SHUT_WR);
		while (read(autoprobe->socket, &byte, 1) > 0)
			;
		close(autoprobe->socket);
	}
	close(autoprobe->file);
	pthread_sigmask(SIG_SETMASK, &autoprobe->signals, NULL);
}

/* The region for the broker, before anybody else gets hold of it */
static int create_and_take(struct fabric_ctx *ctx, const struct fabric_region_req *req,
			   char name[FABRIC_NAME_SIZE])
{
	struct autoprobe autoprobe;
	int err;

	err = autoprobe_off(ctx, &autoprobe);
	if (err)
		return err;
	/* The last one to have the lock may have taken what was seen before. */
	err = look(ctx);
	if (!err)
		err = create(ctx, req, name);
	if (!err) {
		err = fabric_region_take(ctx, req->domain_id, name, NULL);
		if (err)
			undo_create(ctx, name);
	}
	autoprobe_restore(&autoprobe);
	return err;
}

static int region_create(struct fabric_ctx *ctx, const struct fabric_region_req *req,
			 const struct fabric_region **region)
{
	struct fabric_region_req copy;
	char name[FABRIC_NAME_SIZE];
	struct cxl_region *cxlr;
	struct fabric_cxl *fc;
	int err;

	fabric_region_req_init(&copy);
	err = look(ctx);
	if (!err)
		err = ctx_copy_req(ctx, &copy, sizeof(copy), req, req->struct_size);
	if (err)
		return err;
	err = copy.domain_id ? create_and_take(ctx, &copy, name) : create(ctx, &copy, name);
	if (!err)
		err = look(ctx);
	if (err)
		return err;

	fc = ctx->cxl;
	cxlr = find_region(fc->cxl, name);
	if (!cxlr)
		return ctx_fail(ctx, -ENODEV, "%s is gone again", name);
	fill_region(cxlr, &fc->region, fc->members);
	*region = &fc->region;
	return 0;
}

FABRIC_API const struct cxl_ops fabric_cxl_ops = {
	.region_list = region_list,
	.region_create = region_create,
	.region_release_dax = region_release_dax,
	.region_destroy = region_destroy,
	.close = cxl_close,
};
