// SPDX-License-Identifier: GPL-2.0
/*
 * How long grants take. Never a test: it prints numbers and judges nothing.
 *
 * Usage: bench emulated DOMAIN SIZE ROUNDS
 *        bench devdax DEVICE REGION SIZE ROUNDS
 *
 * emulated: a grant new + del of SIZE bytes of emulated memory through
 * libfabricbroker, and an empty generic netlink round trip (the lookup of one
 * family) in turn, with 10, 1,000 and 100,000 slices alive.
 *
 * devdax: a grant new + del in mode devdax on DEVICE, which the broker took
 * over, and the same size on REGION, which it did not, through libdaxctl's calls
 * and through the command daxctl.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <daxctl/libdaxctl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <fabricbroker.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct fabric_ctx *ctx;

static void die(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s %s\n", what, strerror(err < 0 ? -err : err),
		ctx ? fabric_error(ctx) : "");
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Samples of one thing that is measured */
struct samples {
	const char *name;
	unsigned int nr;
	uint64_t *ns;
};

static void samples_init(struct samples *samples, const char *name, unsigned int max)
{
	samples->name = name;
	samples->nr = 0;
	samples->ns = calloc(max, sizeof(*samples->ns));
	if (!samples->ns)
		die("memory", ENOMEM);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile_us(struct samples *samples, unsigned int percent)
{
	unsigned int i = (uint64_t)samples->nr * percent / 100;

	qsort(samples->ns, samples->nr, sizeof(*samples->ns), compare);
	if (i >= samples->nr)
		i = samples->nr - 1;
	return samples->ns[i] / 1000.0;
}

static void table_head(void)
{
	printf("%-44s %8s %12s %12s %8s\n", "what", "rounds", "median us", "p99 us", "ratio");
}

static double table_row(struct samples *samples, double reference)
{
	double median = percentile_us(samples, 50);

	printf("%-44s %8u %12.1f %12.1f", samples->name, samples->nr, median,
	       percentile_us(samples, 99));
	if (reference)
		printf(" %8.2f\n", median / reference);
	else
		printf(" %8s\n", "1");
	fflush(stdout);
	return median;
}

/*
 * The shortest request that generic netlink answers, made once and sent often, on
 * a socket that is set up as the library's is
 */
struct lookup {
	int fd;
	char request[64] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static void lookup_init(struct lookup *lookup)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *nlh = (struct nlmsghdr *)lookup->request;
	struct genlmsghdr *ghdr = NLMSG_DATA(nlh);
	struct nlattr *name = (struct nlattr *)(ghdr + 1);

	memset(lookup, 0, sizeof(*lookup));
	lookup->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (lookup->fd < 0 ||
	    connect(lookup->fd, (const struct sockaddr *)&kernel, sizeof(kernel)))
		die("generic netlink", errno);
	name->nla_type = CTRL_ATTR_FAMILY_NAME;
	name->nla_len = NLA_HDRLEN + sizeof(FABRIC_FAMILY_NAME);
	memcpy((char *)name + NLA_HDRLEN, FABRIC_FAMILY_NAME, sizeof(FABRIC_FAMILY_NAME));
	ghdr->cmd = CTRL_CMD_GETFAMILY;
	ghdr->version = 1;
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(name->nla_len);
}

static void lookup_once(struct lookup *lookup)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)lookup->request;
	static char answer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *reply = (const struct nlmsghdr *)answer;
	ssize_t len;

	nlh->nlmsg_seq++;
	if (send(lookup->fd, nlh, nlh->nlmsg_len, 0) < 0)
		die("send the family lookup", errno);
	len = recv(lookup->fd, answer, sizeof(answer), 0);
	if (len < 0)
		die("receive the answer to the family lookup", errno);
	/* Anything else would wait for the next one, and fill the socket */
	if (len < NLMSG_HDRLEN || reply->nlmsg_seq != nlh->nlmsg_seq ||
	    reply->nlmsg_type != GENL_ID_CTRL || reply->nlmsg_len != len)
		die("family lookup", EBADMSG);
}

static uint32_t new_grant(const struct fabric_grant_req *req)
{
	const struct fabric_grant *grant;
	int err = fabric_grant_new(ctx, req, &grant);

	if (err)
		die("grant", err);
	return grant->id;
}

static void del_grant(uint32_t id)
{
	int err = fabric_grant_del(ctx, id, false);

	if (err)
		die("del", err);
}

static int find_domain(const struct fabric_domain *domain, void *data)
{
	struct fabric_domain *wanted = data;

	if (!strcmp(domain->name, wanted->name))
		*wanted = *domain;
	return 0;
}

static int find_device(const struct fabric_device *device, void *data)
{
	struct fabric_device *wanted = data;

	if (!strcmp(device->name, wanted->name))
		*wanted = *device;
	return 0;
}

static void bench_emulated(const char *domain_name, uint64_t size, unsigned int rounds)
{
	static const unsigned int alive[] = { 10, 1000, 100000 };
	struct fabric_domain domain = {};
	struct fabric_grant_req req;
	struct samples lookups, grants;
	struct lookup lookup;
	unsigned int i, made = 0, round;
	char name[64], lookup_name[64];
	double reference;
	uint64_t begin;

	snprintf(domain.name, sizeof(domain.name), "%s", domain_name);
	if (fabric_domain_list(ctx, find_domain, &domain) || !domain.id)
		die(domain_name, ENODEV);
	fabric_grant_req_init(&req);
	req.kind = FABRIC_KIND_MEMORY;
	req.size = size;
	req.domain_id = domain.id;
	/* what is alive goes with this process */
	req.holder = FABRIC_HOLDER_SOCKET;
	lookup_init(&lookup);
	table_head();
	for (i = 0; i < ARRAY_SIZE(alive); i++) {
		while (made < alive[i]) {
			new_grant(&req);
			made++;
		}
		snprintf(lookup_name, sizeof(lookup_name), "family lookup, %u slices alive",
			 alive[i]);
		snprintf(name, sizeof(name), "grant new + del, %u slices alive", alive[i]);
		samples_init(&lookups, lookup_name, rounds);
		samples_init(&grants, name, rounds);
		for (round = 0; round < rounds; round++) {
			begin = now_ns();
			lookup_once(&lookup);
			lookups.ns[lookups.nr++] = now_ns() - begin;
			begin = now_ns();
			del_grant(new_grant(&req));
			grants.ns[grants.nr++] = now_ns() - begin;
		}
		reference = table_row(&lookups, 0);
		table_row(&grants, reference);
		free(lookups.ns);
		free(grants.ns);
	}
}

static struct daxctl_region *find_region(struct daxctl_ctx *dax, const char *name)
{
	struct daxctl_region *region;
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "/%s/", name);
	daxctl_region_foreach(dax, region) {
		const char *path = daxctl_region_get_path(region);

		if (path && (strstr(path, wanted) || !strcmp(strrchr(path, '/') + 1, name)))
			return region;
	}
	die(name, ENODEV);
	return NULL;
}

static void libdaxctl_once(struct daxctl_region *region, uint64_t size)
{
	struct daxctl_dev *dev;

	if (daxctl_region_create_dev(region))
		die("create dev", EIO);
	dev = daxctl_region_get_dev_seed(region);
	if (!dev || daxctl_dev_set_size(dev, size) || daxctl_dev_enable_devdax(dev))
		die("enable devdax", EIO);
	if (daxctl_dev_disable(dev) || daxctl_dev_set_size(dev, 0) ||
	    daxctl_region_destroy_dev(region, dev))
		die("destroy dev", EIO);
}

/* Run by the shell: without it the command's own start would be all of it */
static void command_once(unsigned int region_id, uint64_t size)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "dev=$(daxctl create-device -r %u -s %llu 2>/dev/null | sed -n 's/.*\"chardev\":\"\\(.*\\)\".*/\\1/p') && daxctl disable-device -r %u $dev >/dev/null 2>&1 && daxctl destroy-device -r %u $dev >/dev/null 2>&1",
		 region_id, (unsigned long long)size, region_id, region_id);
	if (system(command))
		die("daxctl", EIO);
}

static void bench_devdax(const char *device_name, const char *region_name, uint64_t size,
			 unsigned int rounds)
{
	struct samples calls, commands, grants;
	struct fabric_device device = {};
	struct daxctl_region *region;
	struct fabric_grant_req req;
	struct daxctl_ctx *dax;
	unsigned int round;
	double reference;
	uint64_t begin;

	snprintf(device.name, sizeof(device.name), "%s", device_name);
	if (fabric_device_list(ctx, 0, find_device, &device) || !device.id)
		die(device_name, ENODEV);
	fabric_grant_req_init(&req);
	req.kind = FABRIC_KIND_MEMORY;
	req.mode = FABRIC_MODE_DEVDAX;
	req.size = size;
	req.device_id = device.id;
	if (daxctl_new(&dax))
		die("libdaxctl", ENOMEM);
	region = find_region(dax, region_name);
	samples_init(&calls, "libdaxctl create + destroy", rounds);
	samples_init(&commands, "daxctl create-device + destroy-device", rounds);
	samples_init(&grants, "grant new + del, devdax", rounds);
	for (round = 0; round < rounds; round++) {
		begin = now_ns();
		libdaxctl_once(region, size);
		calls.ns[calls.nr++] = now_ns() - begin;
		begin = now_ns();
		del_grant(new_grant(&req));
		grants.ns[grants.nr++] = now_ns() - begin;
		/* starting programs is slow, a few times are enough */
		if (round < 5) {
			begin = now_ns();
			command_once(daxctl_region_get_id(region), size);
			commands.ns[commands.nr++] = now_ns() - begin;
		}
	}
	printf("devdax slices of %llu KiB\n", (unsigned long long)size >> 10);
	table_head();
	reference = table_row(&calls, 0);
	table_row(&commands, reference);
	table_row(&grants, reference);
}

int main(int argc, char **argv)
{
	int err = fabric_open(&ctx);

	if (err)
		die("open", err);
	if (argc == 5 && !strcmp(argv[1], "emulated"))
		bench_emulated(argv[2], strtoull(argv[3], NULL, 0), atoi(argv[4]));
	else if (argc == 6 && !strcmp(argv[1], "devdax"))
		bench_devdax(argv[2], argv[3], strtoull(argv[4], NULL, 0), atoi(argv[5]));
	else
		return 2;
	fabric_close(ctx);
	return 0;
}
