// SPDX-License-Identifier: GPL-2.0
/* A command as the holder of a grant. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fabricctl.h"

/* As of env(1) */
#define EXIT_CANNOT_INVOKE	126
#define EXIT_ENOENT		127

static const struct arg run_args[] = {
	GRANT_REQUEST_ARGS,
	[NEW_NOTICE_SIGNAL] = { "notice-signal", ARG_SIGNAL, .value = "SIGNAL",
				.help = "send this to CMD when capacity is asked back" },
	[NEW_FORCE_SIGNAL] = { "force-signal", ARG_SIGNAL, .value = "SIGNAL",
			       .help = "send this to CMD when it is in the way of force" },
};

static int set_u64(const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return setenv(name, text, 1);
}

static int set_nodes(const struct fabric_grant *grant)
{
	char nodes[FABRIC_SLICES_MAX * (FABRIC_NAME_SIZE + 6)] = "";
	const struct fabric_slice *slice;
	size_t len = 0;

	/* One that was inherited would be the node of another grant. */
	unsetenv("FABRIC_NODE");
	unsetenv("FABRIC_NODES");
	for (slice = grant->slices; slice; slice = slice->next) {
		if (!*slice->node)
			return 0;
		snprintf(nodes + len, sizeof(nodes) - len, "/dev/%s", slice->node);
		if (!len && setenv("FABRIC_NODE", nodes, 1))
			return -errno;
		len = strlen(nodes);
		if (slice->next && len + 1 < sizeof(nodes))
			nodes[len++] = ' ';
	}
	return *nodes && setenv("FABRIC_NODES", nodes, 1) ? -errno : 0;
}

static int set_environment(const struct fabric_grant *grant)
{
	int err;

	err = set_u64("FABRIC_GRANT", grant->id) || set_u64("FABRIC_FD", grant->fd) ||
	      set_u64("FABRIC_SIZE", grant->size);
	return err ? -errno : set_nodes(grant);
}

static int run_run(struct ctl *ctl, const struct args *args)
{
	const struct fabric_grant *grant;
	struct fabric_grant_req req;
	char message[512];
	int err;

	err = grant_request(ctl, args, &req);
	if (err)
		return err;
	req.holder = FABRIC_HOLDER_FILE;
	err = fabric_grant_new(ctl->ctx, &req, &grant);
	if (!err)
		err = request_wait(ctl, &grant);
	if (err)
		return err;
	if (grant->fd < 0)
		return ctl_fail(ctl, -EBADMSG, "The kernel did not install a descriptor");
	err = set_environment(grant);
	if (err)
		return ctl_fail(ctl, err, "The environment can't be set");
	/* Who gave nothing away can't be asked for it. */
	if (HAS(args, NEW_NOTICE_SIGNAL) || HAS(args, NEW_FORCE_SIGNAL) || req.min ||
	    req.reclaimable || req.lease)
		err = notice_watch(ctl, grant, args->value[NEW_NOTICE_SIGNAL].number,
				   args->value[NEW_FORCE_SIGNAL].number);
	if (err)
		return err;
	/* The command inherits the file, and with it the grant. */
	if (fcntl(grant->fd, F_SETFD, 0))
		return ctl_fail(ctl, -errno, "The descriptor can't be passed on");
	ctl_warn(ctl, fabric_warning(ctl->ctx));

	execvp(args->command[0], args->command);
	err = -errno;
	snprintf(message, sizeof(message), "%s: %s", args->command[0], fabric_strerror(err));
	out_error(ctl->out, message, strerrorname_np(-err), NULL);
	fflush(stdout);
	_exit(err == -ENOENT ? EXIT_ENOENT : EXIT_CANNOT_INVOKE);
}

static const struct cmd cmds[] = {
	{ NULL, "Run a command that holds a grant; when it ends, the grant is released",
	  run_args, ARRAY_SIZE(run_args), .takes_command = true, .run = run_run },
};

const struct object run_object = {
	"run", "run a command that holds a grant", cmds, ARRAY_SIZE(cmds),
};
