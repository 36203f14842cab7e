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
};

static int set_u64(const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return setenv(name, text, 1);
}

static int set_environment(const struct fabric_grant *grant)
{
	char node[FABRIC_NAME_SIZE + 5];
	int err;

	err = set_u64("FABRIC_GRANT", grant->id) || set_u64("FABRIC_FD", grant->fd) ||
	      set_u64("FABRIC_SIZE", grant->size);
	if (err)
		return -errno;
	/* One that was inherited would be the node of another grant. */
	unsetenv("FABRIC_NODE");
	if (!grant->slices || !*grant->slices->node)
		return 0;
	snprintf(node, sizeof(node), "/dev/%s", grant->slices->node);
	return setenv("FABRIC_NODE", node, 1) ? -errno : 0;
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
	if (err)
		return err;
	if (grant->fd < 0)
		return ctl_fail(ctl, -EBADMSG, "The kernel did not install a descriptor");
	err = set_environment(grant);
	if (err)
		return ctl_fail(ctl, err, "The environment can't be set");
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
