// SPDX-License-Identifier: GPL-2.0
/*
 * Ask a switch the same questions from several processes without a pause, quicker
 * than a command each could, and compare with what one alone was told.
 *
 * Usage: callers DOMAIN-ID CALLERS ROUNDS
 *
 * Status: 0, 1 if an answer was another one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fabric.h>

#include "../lib/genl.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	__u8 cmd;
	__u16 domain;
	__u16 flags;
} questions[] = {
	{ FABRIC_CMD_FM_GET, FABRIC_A_FM_DOMAIN_ID, NLM_F_ACK },
	{ FABRIC_CMD_FM_PORT_GET, FABRIC_A_FM_PORT_DOMAIN_ID, NLM_F_DUMP },
	{ FABRIC_CMD_FM_COMMAND_GET, FABRIC_A_FM_COMMAND_DOMAIN_ID, NLM_F_DUMP },
};

/* FNV-1a of the attributes of all messages, or 0 if there was an error. */
static __u64 ask(struct genl *genl, unsigned int question, __u32 domain)
{
	__u64 hash = 0xcbf29ce484222325;
	struct genl_answer answer;
	const struct nlmsghdr *nlh;
	struct genl_req req;
	size_t i;

	req_init(genl, &req, questions[question].cmd, questions[question].flags);
	req_u32(&req, questions[question].domain, domain);
	if (genl_talk(genl, &req, &answer) || !answer.len) {
		fprintf(stderr, "question %u: error %d, %s\n", question, answer.err, answer.text);
		hash = 0;
	}
	answer_for_each(nlh, &answer) {
		for (i = 0; i < msg_attrs_len(nlh); i++)
			hash = (hash ^ ((const unsigned char *)msg_attrs(nlh))[i]) * 0x100000001b3;
	}
	answer_free(&answer);
	return hash;
}

static int call(const __u64 *expected, __u32 domain, unsigned long rounds)
{
	struct genl genl;
	unsigned int i;

	if (genl_open(&genl, FABRIC_FAMILY_NAME))
		return 1;
	while (rounds--) {
		for (i = 0; i < ARRAY_SIZE(questions); i++) {
			if (ask(&genl, i, domain) == expected[i])
				continue;
			fprintf(stderr, "question %u has another answer\n", i);
			return 1;
		}
	}
	genl_close(&genl);
	return 0;
}

int main(int argc, char **argv)
{
	__u64 expected[ARRAY_SIZE(questions)];
	unsigned long callers, rounds;
	int status, bad = 0;
	struct genl genl;
	unsigned int i;
	__u32 domain;

	if (argc != 4)
		return 2;
	domain = strtoul(argv[1], NULL, 0);
	callers = strtoul(argv[2], NULL, 0);
	rounds = strtoul(argv[3], NULL, 0);
	if (genl_open(&genl, FABRIC_FAMILY_NAME))
		return 1;
	for (i = 0; i < ARRAY_SIZE(questions); i++) {
		expected[i] = ask(&genl, i, domain);
		if (!expected[i])
			return 1;
	}
	for (i = 0; i < callers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			_exit(call(expected, domain, rounds));
	}
	while (wait(&status) > 0)
		bad |= status;
	return !!bad;
}
