// SPDX-License-Identifier: GPL-2.0
/*
 * Register a mapped file for RDMA and let a second queue pair read and write it.
 *
 * Usage: rdma_pin RDMA_DEVICE FILE SIZE
 *
 * Maps the file, fills it with 0x5c, registers all of it, connects two queue
 * pairs of the device with each other and prints "ready". Then each line of
 * standard input is a command, and is answered by a line:
 *
 *   read     one-sided read by the peer   "read 5c" (the byte), or "read failed: ..."
 *   write    one-sided write by the peer  "write ok", or "write failed: ..."
 *   dereg    deregister                   "dereg"
 *   unmap    unmap the file               "unmap"
 *   quit     end
 *
 * Status: 0, 1 for an error, 4 when there is no such device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#define PORT		1
#define PEER_SIZE	4096

static struct ibv_context *context;
static struct ibv_pd *pd;
static struct ibv_cq *cq;
static struct ibv_qp *owner, *peer;
static struct ibv_mr *mr, *peer_mr;
static unsigned char *mem, *peer_mem;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static struct ibv_context *open_device(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *found = NULL;
	int i;

	for (i = 0; list && list[i]; i++) {
		if (!strcmp(ibv_get_device_name(list[i]), name))
			found = ibv_open_device(list[i]);
	}
	if (!found) {
		fprintf(stderr, "no RDMA device %s\n", name);
		exit(4);
	}
	return found;
}

/* The one with an IPv4 address, else the first */
static int find_gid(union ibv_gid *gid)
{
	static const unsigned char v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct ibv_port_attr port;
	int i;

	if (ibv_query_port(context, PORT, &port))
		die("query port");
	for (i = 0; i < port.gid_tbl_len; i++) {
		if (!ibv_query_gid(context, PORT, i, gid) && !memcmp(gid->raw, v4_mapped, 12))
			return i;
	}
	if (ibv_query_gid(context, PORT, 0, gid))
		die("query gid");
	return 0;
}

static struct ibv_qp *make_qp(void)
{
	struct ibv_qp_init_attr init = {
		.send_cq = cq, .recv_cq = cq, .qp_type = IBV_QPT_RC,
		.cap = {
			.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1,
		},
	};
	struct ibv_qp *qp = ibv_create_qp(pd, &init);

	if (!qp)
		die("create qp");
	return qp;
}

static void connect_qp(struct ibv_qp *qp, struct ibv_qp *to, const union ibv_gid *gid, int index)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT, .port_num = PORT,
		.qp_access_flags = IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE,
	};

	if (ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			  IBV_QP_ACCESS_FLAGS))
		die("qp to init");
	memset(&attr, 0, sizeof(attr));
	attr.qp_state = IBV_QPS_RTR;
	attr.path_mtu = IBV_MTU_1024;
	attr.dest_qp_num = to->qp_num;
	attr.max_dest_rd_atomic = 1;
	attr.min_rnr_timer = 12;
	attr.ah_attr.is_global = 1;
	attr.ah_attr.port_num = PORT;
	attr.ah_attr.grh.dgid = *gid;
	attr.ah_attr.grh.sgid_index = index;
	attr.ah_attr.grh.hop_limit = 1;
	if (ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
			  IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
			  IBV_QP_MIN_RNR_TIMER))
		die("qp to rtr");
	memset(&attr, 0, sizeof(attr));
	attr.qp_state = IBV_QPS_RTS;
	attr.timeout = 12;
	attr.retry_cnt = 3;
	attr.rnr_retry = 3;
	attr.max_rd_atomic = 1;
	if (ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
			  IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC))
		die("qp to rts");
}

/* What the peer does to the memory of the owner, without the owner's help */
static void one_sided(enum ibv_wr_opcode opcode, const char *name, uint64_t address, uint32_t key)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)peer_mem, .length = PEER_SIZE, .lkey = peer_mr->lkey,
	};
	struct ibv_send_wr *bad, wr = {
		.sg_list = &sge, .num_sge = 1, .opcode = opcode, .send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { .remote_addr = address, .rkey = key },
	};
	struct ibv_wc wc;
	int err, tries;

	err = ibv_post_send(peer, &wr, &bad);
	if (err) {
		printf("%s failed: %s\n", name, strerror(err));
		return;
	}
	for (tries = 0; tries < 20000; tries++) {
		err = ibv_poll_cq(cq, 1, &wc);
		if (err)
			break;
		usleep(1000);
	}
	if (err <= 0)
		printf("%s failed: no completion\n", name);
	else if (wc.status != IBV_WC_SUCCESS)
		printf("%s failed: %s\n", name, ibv_wc_status_str(wc.status));
	else if (opcode == IBV_WR_RDMA_READ)
		printf("%s %02x\n", name, peer_mem[0]);
	else
		printf("%s ok\n", name);
}

int main(int argc, char **argv)
{
	union ibv_gid gid;
	uint64_t address;
	uint32_t key;
	char line[64];
	size_t size;
	int fd, index;

	if (argc != 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	context = open_device(argv[1]);
	size = strtoull(argv[3], NULL, 0);
	fd = open(argv[2], O_RDWR);
	if (fd < 0)
		die(argv[2]);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		die("mmap");
	close(fd);
	memset(mem, 0x5c, size);
	peer_mem = aligned_alloc(PEER_SIZE, PEER_SIZE);
	if (!peer_mem)
		die("memory");
	memset(peer_mem, 0, PEER_SIZE);

	pd = ibv_alloc_pd(context);
	if (!pd)
		die("alloc pd");
	cq = ibv_create_cq(context, 16, NULL, NULL, 0);
	if (!cq)
		die("create cq");
	mr = ibv_reg_mr(pd, mem, size, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |
			IBV_ACCESS_REMOTE_WRITE);
	if (!mr)
		die("register");
	peer_mr = ibv_reg_mr(pd, peer_mem, PEER_SIZE, IBV_ACCESS_LOCAL_WRITE);
	if (!peer_mr)
		die("register the peer's buffer");
	address = (uintptr_t)mem;
	key = mr->rkey;
	owner = make_qp();
	peer = make_qp();
	index = find_gid(&gid);
	connect_qp(owner, peer, &gid, index);
	connect_qp(peer, owner, &gid, index);
	puts("ready");

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "read")) {
			one_sided(IBV_WR_RDMA_READ, line, address, key);
		} else if (!strcmp(line, "write")) {
			memset(peer_mem, 0x77, PEER_SIZE);
			one_sided(IBV_WR_RDMA_WRITE, line, address, key);
		} else if (!strcmp(line, "dereg")) {
			if (ibv_dereg_mr(mr))
				die("deregister");
			puts(line);
		} else if (!strcmp(line, "unmap")) {
			munmap(mem, size);
			puts(line);
		} else if (!strcmp(line, "quit")) {
			break;
		}
	}
	return 0;
}
