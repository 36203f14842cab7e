// SPDX-License-Identifier: GPL-2.0
/*
 * Take over a region and give it back, again and again, until a byte or the end of
 * standard input comes
 *
 * Usage: take_again DOMAIN-ID REGION
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/engine.h"
#include "../lib/grants.h"
#include "../lib/ktap.h"

static struct genl genl;

static void take(__u32 domain, const char *region)
{
	struct genl_req req;
	__u32 device;

	req_init(&genl, &req, FABRIC_CMD_REGION_TAKE, 0);
	req_u32(&req, FABRIC_A_DEVICE_DOMAIN_ID, domain);
	req_str(&req, FABRIC_A_DEVICE_NAME, region);
	must(engine_talk(&genl, &req, FABRIC_A_DEVICE_ID, &device));
	req_init(&genl, &req, FABRIC_CMD_REGION_GIVE, 0);
	req_u32(&req, FABRIC_A_DEVICE_ID, device);
	must(engine_talk(&genl, &req, 0, NULL));
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	if (argc != 3) {
		fputs("usage: take_again DOMAIN-ID REGION\n", stderr);
		return 2;
	}
	broker_open(&genl);
	while (!poll(&input, 1, 0))
		take(atoi(argv[1]), argv[2]);
	return 0;
}
