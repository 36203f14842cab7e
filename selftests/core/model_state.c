// SPDX-License-Identifier: GPL-2.0
/* What the broker says of itself, in dumps, and what its switches have. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

#define DEBUG	"/sys/kernel/debug/fabric_emu"

struct device devices[DEVICES_MAX];
unsigned int nr_devices;
__u32 probe_device;
struct tenant tenants[TENANTS];
const char *switches[SWITCHES_MAX];
unsigned int nr_switches;
static __u32 domains[SWITCHES_MAX];
/* id of a device to its number plus one */
static unsigned char numbers[IDS];

void open_socket(struct genl *genl)
{
	int err = genl_open(genl, FABRIC_FAMILY_NAME);

	if (err)
		wrong("no family %s: %s", FABRIC_FAMILY_NAME, strerror(err));
}

/* Attributes of a message */

static __u32 u32_of(const struct nlmsghdr *nlh, __u16 type)
{
	return attr_u32(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), type));
}

static __u64 uint_of(const struct nlmsghdr *nlh, __u16 type)
{
	return attr_uint(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), type));
}

static const char *str_of(const struct nlmsghdr *nlh, __u16 type)
{
	return attr_str(attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), type));
}

/* Dumps */

static void take_dump(struct genl *genl, __u8 cmd, struct genl_answer *answer)
{
	struct genl_req req;
	int err;

	req_init(genl, &req, cmd, NLM_F_DUMP);
	err = genl_talk(genl, &req, answer);
	if (err)
		wrong("dump of command %u: %s %s", cmd, strerror(err), answer->text);
}

/* Room for one more of @size; twice as much whenever a power of two is reached. */
static void *grow(void *list, unsigned int nr, size_t size)
{
	if (!(nr & (nr - 1)))
		list = realloc(list, (nr ? 2 * nr : 1) * size);
	if (!list)
		wrong("out of memory");
	return list;
}

static void read_resources(struct genl *genl, struct view *view)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;

	take_dump(genl, FABRIC_CMD_RESOURCE_GET, &answer);
	answer_for_each(nlh, &answer) {
		struct resource *r;

		view->resources = grow(view->resources, view->nr_resources, sizeof(*r));
		r = &view->resources[view->nr_resources++];
		/* with what is between the members: all of it is compared */
		memset(r, 0, sizeof(*r));
		r->id = u32_of(nlh, FABRIC_A_RESOURCE_ID);
		r->device = u32_of(nlh, FABRIC_A_RESOURCE_DEVICE_ID);
		r->port = u32_of(nlh, FABRIC_A_RESOURCE_PORT_ID);
		r->kind = u32_of(nlh, FABRIC_A_RESOURCE_KIND);
		r->total = uint_of(nlh, FABRIC_A_RESOURCE_TOTAL);
		r->free = uint_of(nlh, FABRIC_A_RESOURCE_FREE);
		r->reserved = uint_of(nlh, FABRIC_A_RESOURCE_RESERVED);
		r->granted = uint_of(nlh, FABRIC_A_RESOURCE_GRANTED);
		r->quarantined = uint_of(nlh, FABRIC_A_RESOURCE_QUARANTINED);
		r->nr_slices = u32_of(nlh, FABRIC_A_RESOURCE_SLICES);
		r->granule = uint_of(nlh, FABRIC_A_RESOURCE_GRANULE);
		/* Of one moment, whatever happens between two messages. */
		if (r->free + r->reserved + r->granted + r->quarantined != r->total)
			wrong("resource %u: free %llu + %llu + %llu + %llu is not %llu", r->id,
			      r->free, r->reserved, r->granted, r->quarantined, r->total);
	}
	answer_free(&answer);
}

static int by_place(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->resource != y->resource)
		return x->resource < y->resource ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* False if something changed meanwhile. */
bool view_slices(struct genl *genl, struct view *view)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	bool consistent;

	take_dump(genl, FABRIC_CMD_SLICE_GET, &answer);
	answer_for_each(nlh, &answer) {
		struct slice *s;

		view->slices = grow(view->slices, view->nr_slices, sizeof(*s));
		s = &view->slices[view->nr_slices++];
		s->grant = u32_of(nlh, FABRIC_A_SLICE_GRANT_ID);
		s->device = u32_of(nlh, FABRIC_A_SLICE_DEVICE_ID);
		s->resource = u32_of(nlh, FABRIC_A_SLICE_RESOURCE_ID);
		s->state = u32_of(nlh, FABRIC_A_SLICE_STATE);
		s->start = uint_of(nlh, FABRIC_A_SLICE_START);
		s->length = uint_of(nlh, FABRIC_A_SLICE_LENGTH);
	}
	consistent = !answer.interrupted;
	answer_free(&answer);
	qsort(view->slices, view->nr_slices, sizeof(*view->slices), by_place);
	return consistent;
}

static int by_id(const void *a, const void *b)
{
	const struct told_grant *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool read_grants(struct genl *genl, struct view *view)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	bool consistent;

	take_dump(genl, FABRIC_CMD_GRANT_GET, &answer);
	answer_for_each(nlh, &answer) {
		view->grants = grow(view->grants, view->nr_grants, sizeof(*view->grants));
		engine_parse(nlh, &view->grants[view->nr_grants++]);
	}
	consistent = !answer.interrupted;
	answer_free(&answer);
	qsort(view->grants, view->nr_grants, sizeof(*view->grants), by_id);
	return consistent;
}

const struct told_grant *view_grant(const struct view *view, __u32 id)
{
	const struct told_grant key = { .id = id };

	return bsearch(&key, view->grants, view->nr_grants, sizeof(key), by_id);
}

void view_free(struct view *view)
{
	free(view->resources);
	free(view->slices);
	free(view->grants);
	memset(view, 0, sizeof(*view));
}

/* False if things change too often. */
bool view_read(struct genl *genl, struct view *view)
{
	unsigned int tries;

	for (tries = 0; tries < 30; tries++) {
		struct view again = {};
		bool same;

		memset(view, 0, sizeof(*view));
		read_resources(genl, view);
		same = read_grants(genl, view) && view_slices(genl, view);
		if (same) {
			read_resources(genl, &again);
			same = view->nr_resources == again.nr_resources &&
			       !memcmp(view->resources, again.resources,
				       again.nr_resources * sizeof(*again.resources));
		}
		view_free(&again);
		if (same)
			return true;
		view_free(view);
		usleep(500);
	}
	return false;
}

/* The switches: "slice device m0 grant 1 start 0 length 4096 ..." */
void switch_slices(unsigned int sw, void (*fn)(const struct device *device, __u64 start,
					       __u64 length, void *data), void *data)
{
	char path[256], line[512], name[64];
	unsigned long long start, length;
	unsigned int grant, i;
	FILE *file;

	snprintf(path, sizeof(path), DEBUG "/%s/state", switches[sw]);
	file = fopen(path, "r");
	if (!file)
		wrong("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "slice device %63s grant %u start %llu length %llu", name, &grant,
			   &start, &length) != 4)
			continue;
		for (i = 0; i < nr_devices; i++) {
			if (devices[i].sw == sw && !strcmp(devices[i].name, name))
				fn(&devices[i], start, length, data);
		}
	}
	fclose(file);
}

/* The world */

int device_number(__u32 id)
{
	return numbers[id % IDS] - 1;
}

static struct device *device_named(unsigned int sw, const char *name)
{
	struct device *device;
	unsigned int i;

	for (i = 0; i < nr_devices; i++) {
		if (devices[i].sw == sw && !strcmp(devices[i].name, name))
			return &devices[i];
	}
	if (nr_devices == DEVICES_MAX)
		wrong("more than %u devices", DEVICES_MAX);
	device = &devices[nr_devices++];
	device->sw = sw;
	device->link_up = true;
	device->bound = true;
	snprintf(device->name, sizeof(device->name), "%s", name);
	return device;
}

static void load_device(const struct nlmsghdr *nlh)
{
	__u32 domain = u32_of(nlh, FABRIC_A_DEVICE_DOMAIN_ID);
	struct device *device;
	unsigned int sw;

	for (sw = 0; sw < nr_switches && domains[sw] != domain; sw++)
		;
	if (sw == nr_switches || u32_of(nlh, FABRIC_A_DEVICE_HEALTH) != FABRIC_HEALTH_OK)
		return;
	if (!strcmp(str_of(nlh, FABRIC_A_DEVICE_NAME), "probe")) {
		probe_device = u32_of(nlh, FABRIC_A_DEVICE_ID);
		return;
	}
	device = device_named(sw, str_of(nlh, FABRIC_A_DEVICE_NAME));
	device->domain = domain;
	device->id = u32_of(nlh, FABRIC_A_DEVICE_ID);
	device->port = u32_of(nlh, FABRIC_A_DEVICE_PORT_ID);
	device->node = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_DEVICE_NUMA_NODE) ?
		       (int)u32_of(nlh, FABRIC_A_DEVICE_NUMA_NODE) : -1;
	device->there = true;
	numbers[device->id % IDS] = device - devices + 1;
}

/* The devices as they are now: one that was torn out and plugged in is another. */
void devices_load(struct genl *genl)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct view view = {};
	unsigned int i;

	take_dump(genl, FABRIC_CMD_DEVICE_GET, &answer);
	answer_for_each(nlh, &answer)
		load_device(nlh);
	answer_free(&answer);
	read_resources(genl, &view);
	for (i = 0; i < view.nr_resources; i++) {
		int number = device_number(view.resources[i].device);

		if (view.resources[i].device && number >= 0 &&
		    devices[number].id == view.resources[i].device)
			devices[number].resource = view.resources[i].id;
	}
	view_free(&view);
}

static void name_ports(struct genl *genl)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	unsigned int i;

	take_dump(genl, FABRIC_CMD_PORT_GET, &answer);
	answer_for_each(nlh, &answer) {
		for (i = 0; i < nr_devices; i++) {
			if (devices[i].port == u32_of(nlh, FABRIC_A_PORT_ID))
				snprintf(devices[i].port_name, sizeof(devices[i].port_name), "%s",
					 str_of(nlh, FABRIC_A_PORT_NAME));
		}
	}
	answer_free(&answer);
}

static void number_ports(struct genl *genl, unsigned int sw)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	struct genl_req req;
	unsigned int i;

	req_init(genl, &req, FABRIC_CMD_FM_PORT_GET, NLM_F_DUMP);
	req_u32(&req, FABRIC_A_FM_PORT_DOMAIN_ID, domains[sw]);
	if (genl_talk(genl, &req, &answer))
		wrong("ports of %s: %s", switches[sw], answer.text);
	answer_for_each(nlh, &answer) {
		for (i = 0; i < nr_devices; i++) {
			if (devices[i].port == u32_of(nlh, FABRIC_A_FM_PORT_PORT_ID))
				devices[i].port_number = u32_of(nlh, FABRIC_A_FM_PORT_NUMBER);
		}
	}
	answer_free(&answer);
}

bool port_is_bound(struct genl *genl, const struct device *device)
{
	struct genl_answer answer;
	struct genl_req req;
	__u32 binding;

	req_init(genl, &req, FABRIC_CMD_PORT_GET, 0);
	req_u32(&req, FABRIC_A_PORT_ID, device->port);
	if (genl_talk(genl, &req, &answer))
		wrong("port %s: %s", device->port_name, answer.text);
	binding = u32_of((const void *)answer.data, FABRIC_A_PORT_BINDING);
	answer_free(&answer);
	return binding == FABRIC_BINDING_BOUND;
}

/* Mailboxes */

int mailbox_link(struct genl *genl, const struct device *device, bool *up)
{
	struct genl_req req;
	__u32 width;
	int err;

	req_init(genl, &req, FABRIC_CMD_FM_PORT_GET, 0);
	req_u32(&req, FABRIC_A_FM_PORT_DOMAIN_ID, device->domain);
	req_u32(&req, FABRIC_A_FM_PORT_NUMBER, device->port_number);
	err = engine_talk(genl, &req, FABRIC_A_FM_PORT_WIDTH, &width);
	if (!err)
		*up = width;
	return err;
}

static bool vppb_is_wanted(const struct nlattr *nest, const struct device *device, bool bound)
{
	const void *data = attr_data(nest);
	size_t len = attr_len(nest);
	__u32 state = attr_u32(attrs_find(data, len, FABRIC_A_FM_VPPB_STATE));

	if (!bound)
		return state == FABRIC_FM_VPPB_STATE_UNBOUND;
	return state == FABRIC_FM_VPPB_STATE_PORT &&
	       attr_u32(attrs_find(data, len, FABRIC_A_FM_VPPB_PORT)) == device->port_number;
}

int mailbox_vppb(struct genl *genl, const struct device *device, bool bound, __u32 *vcs,
		 __u32 *vppb)
{
	const struct nlmsghdr *nlh;
	const struct nlattr *attr;
	struct genl_answer answer;
	struct genl_req req;
	size_t left;
	int err;

	req_init(genl, &req, FABRIC_CMD_FM_VCS_GET, NLM_F_DUMP);
	req_u32(&req, FABRIC_A_FM_VCS_DOMAIN_ID, device->domain);
	err = genl_talk(genl, &req, &answer);
	if (err)
		goto out;
	err = ENOENT;
	answer_for_each(nlh, &answer) {
		attrs_for_each(attr, left, msg_attrs(nlh), msg_attrs_len(nlh)) {
			if ((attr->nla_type & NLA_TYPE_MASK) != FABRIC_A_FM_VCS_VPPB ||
			    !vppb_is_wanted(attr, device, bound))
				continue;
			*vcs = u32_of(nlh, FABRIC_A_FM_VCS_VCS);
			*vppb = attr_u32(attrs_find(attr_data(attr), attr_len(attr),
						    FABRIC_A_FM_VPPB_NUMBER));
			err = 0;
			goto out;
		}
	}
out:
	answer_free(&answer);
	return err;
}

int write_file(const char *text, const char *fmt, ...)
{
	char path[512];
	va_list args;
	int fd, at, err = 0;

	at = snprintf(path, sizeof(path), DEBUG "/");
	va_start(args, fmt);
	vsnprintf(path + at, sizeof(path) - at, fmt, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* Faults of the switches */

struct fault faults[FAULTS_MAX];
unsigned int nr_faults;

static void write_number(const struct fault *fault, const char *file, int value)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%d", value);
	err = write_file(text, "%s/fault/%s/%s", switches[fault->sw], fault->name, file);
	if (err)
		wrong("fault %s: %s: %s", fault->name, file, strerror(err));
}

bool fault_set(struct fault *fault, int error, int times, unsigned int delay_ms)
{
	bool mine;

	pthread_mutex_lock(&world_lock);
	mine = !fault->set;
	if (mine) {
		fault->set = true;
		fault->times = times;
		atomic_fetch_add(&nr_disturbing, 1);
		write_number(fault, "times", times);
		write_number(fault, "delay_ms", delay_ms);
		write_number(fault, "error", error);
	}
	pthread_mutex_unlock(&world_lock);
	return mine;
}

/* What is left of its times tells how often it hit. */
void fault_clear(struct fault *fault)
{
	char path[256];
	FILE *file;
	int left;

	pthread_mutex_lock(&world_lock);
	write_number(fault, "error", 0);
	write_number(fault, "delay_ms", 0);
	snprintf(path, sizeof(path), DEBUG "/%s/fault/%s/times", switches[fault->sw], fault->name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &left) != 1)
		wrong("%s: %s", path, strerror(errno));
	fclose(file);
	fault->hits += fault->times - left;
	write_number(fault, "times", -1);
	fault->set = false;
	disturbed_at = tick();
	atomic_fetch_sub(&nr_disturbing, 1);
	pthread_mutex_unlock(&world_lock);
}

static void load_faults(unsigned int sw)
{
	struct dirent **entries;
	char path[256];
	int nr, e;

	snprintf(path, sizeof(path), DEBUG "/%s/fault", switches[sw]);
	nr = scandir(path, &entries, NULL, alphasort);
	if (nr < 3)
		wrong("%s: no faults", path);
	for (e = 0; e < nr; e++) {
		if (entries[e]->d_name[0] != '.' && nr_faults < FAULTS_MAX) {
			faults[nr_faults].sw = sw;
			snprintf(faults[nr_faults++].name, sizeof(faults[0].name), "%.63s",
				 entries[e]->d_name);
		}
		free(entries[e]);
	}
	free(entries);
}

void world_load(void)
{
	const struct nlmsghdr *nlh;
	struct genl_answer answer;
	unsigned int i;

	take_dump(&eyes, FABRIC_CMD_DOMAIN_GET, &answer);
	answer_for_each(nlh, &answer) {
		for (i = 0; i < nr_switches; i++) {
			if (!strcmp(str_of(nlh, FABRIC_A_DOMAIN_NAME), switches[i]))
				domains[i] = u32_of(nlh, FABRIC_A_DOMAIN_ID);
		}
	}
	answer_free(&answer);
	devices_load(&eyes);
	name_ports(&eyes);
	if (!nr_devices)
		wrong("there are no devices");

	for (i = 0; i < nr_switches; i++) {
		number_ports(&eyes, i);
		load_faults(i);
	}
}

/* Tenants */

static size_t nest_begin(struct genl_req *req, __u16 type)
{
	size_t at = req->len;

	req_put(req, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static void nest_end(struct genl_req *req, size_t at)
{
	((struct nlattr *)(req->bytes + at))->nla_len = req->len - at;
}

void tenants_make(void)
{
	struct genl_req req;
	unsigned int i;
	size_t at;

	for (i = 0; i < TENANTS; i++) {
		struct tenant *tenant = &tenants[i];

		snprintf(tenant->name, sizeof(tenant->name), "model%d.%u", getpid(), i);
		tenant->uid = 72001 + i;
		tenant->limit = (60 + 200 * i) * UNIT;
		tenant->priority_min = 50 * i;
		tenant->priority_max = 400 + 200 * i;
		req_init(&eyes, &req, FABRIC_CMD_TENANT_NEW, 0);
		req_str(&req, FABRIC_A_TENANT_NAME, tenant->name);
		req_u32(&req, FABRIC_A_TENANT_PRIORITY_MIN, tenant->priority_min);
		req_u32(&req, FABRIC_A_TENANT_PRIORITY_MAX, tenant->priority_max);
		at = nest_begin(&req, FABRIC_A_TENANT_QUOTA);
		req_u32(&req, FABRIC_A_QUOTA_KIND, FABRIC_KIND_MEMORY);
		req_uint(&req, FABRIC_A_QUOTA_LIMIT, tenant->limit);
		if (i == 1)
			req_str(&req, FABRIC_A_QUOTA_CAPABILITY, "ram");
		nest_end(&req, at);
		at = nest_begin(&req, FABRIC_A_TENANT_MEMBER);
		req_u32(&req, FABRIC_A_MEMBER_UID, tenant->uid);
		nest_end(&req, at);
		if (engine_talk(&eyes, &req, FABRIC_A_TENANT_ID, &tenant->id))
			wrong("tenant %s: %s", tenant->name, engine_text());
	}
}

void tenants_remove(void)
{
	struct genl_req req;
	unsigned int i;

	for (i = 0; i < TENANTS; i++) {
		req_init(&eyes, &req, FABRIC_CMD_TENANT_DEL, 0);
		req_u32(&req, FABRIC_A_TENANT_ID, tenants[i].id);
		if (engine_talk(&eyes, &req, FABRIC_A_TENANT_ID, NULL))
			wrong("tenant %s does not go: %s", tenants[i].name, engine_text());
	}
}

/* What the broker counts against the quota. */
__u64 view_tenant_used(struct genl *genl, const struct tenant *tenant)
{
	const struct nlmsghdr *nlh;
	const struct nlattr *quota;
	struct genl_answer answer;
	struct genl_req req;
	__u64 used;

	req_init(genl, &req, FABRIC_CMD_TENANT_GET, 0);
	req_u32(&req, FABRIC_A_TENANT_ID, tenant->id);
	if (genl_talk(genl, &req, &answer) || !answer.len)
		wrong("tenant %s: %s", tenant->name, answer.text);
	nlh = (const void *)answer.data;
	quota = attrs_find(msg_attrs(nlh), msg_attrs_len(nlh), FABRIC_A_TENANT_QUOTA);
	used = attr_uint(attrs_find(attr_data(quota), attr_len(quota), FABRIC_A_QUOTA_USED));
	answer_free(&answer);
	return used;
}
