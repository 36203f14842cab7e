// SPDX-License-Identifier: GPL-2.0
/*
 * The record: what happened to whom, and why. The last entries can be listed;
 * all of them go to the kernel's audit when it is enabled, and every change of
 * state is a tracepoint besides.
 */
#include <linux/audit.h>
#include <linux/ctype.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

#include "fabric_internal.h"
#include "netlink_gen.h"
#include "trace.h"

#define RECORD_ENTRIES	4096
#define REFUSALS_MAX	32

/* Something that happened. The members are named like the attributes of log-get. */
struct entry {
	u64 time;
	u64 size;
	enum fabric_event event;
	enum fabric_kind kind;
	enum fabric_holder holder;
	u32 grant_id;
	u32 priority;
	u32 by;
	u32 uid;
	pid_t pid;
	int error;
	char comm[TASK_COMM_LEN];
	char tenant[FABRIC_NAME_MAX_LEN + 1];
	char reason[FABRIC_NAME_MAX_LEN + 1];
};

/* By record_lock: the entry with number n is at n % RECORD_ENTRIES. */
static struct entry *entries;
static u64 last_sequence;
static DEFINE_SPINLOCK(record_lock);

/* By record_lock. */
static struct {
	int error;
	u64 count;
} refusals[REFUSALS_MAX];

static const u32 wait_bounds[] = { 1, 10, 100, 1000, 10000, 60000, 600000 };
static atomic64_t waits[ARRAY_SIZE(wait_bounds) + 1];

struct fabric_stats fabric_stats;

static const char * const event_names[] = {
	[FABRIC_EVENT_REQUEST]		= "request",
	[FABRIC_EVENT_GRANT]		= "grant",
	[FABRIC_EVENT_REFUSAL]		= "refusal",
	[FABRIC_EVENT_NOTICE]		= "notice",
	[FABRIC_EVENT_RECLAIM]		= "reclaim",
	[FABRIC_EVENT_EXPIRY]		= "expiry",
	[FABRIC_EVENT_CANCEL]		= "cancel",
	[FABRIC_EVENT_RESIZE]		= "resize",
	[FABRIC_EVENT_RELEASE]		= "release",
	[FABRIC_EVENT_QUARANTINE]	= "quarantine",
};

/*
 * The audit log is read by programs that trust its form, so what processes choose
 * must not look like a field. Their names are left out, and names of tenants are
 * made of harmless bytes. A reason can quote the name of a process or a device.
 */
static void to_audit(const struct entry *entry)
{
	char reason[sizeof(entry->reason)];
	char *c;

	if (!audit_enabled)
		return;
	strscpy(reason, entry->reason);
	for (c = reason; *c; c++) {
		if (!isascii(*c) || !isprint(*c) || strchr("\"'=\\", *c))
			*c = '?';
	}
	/* With locks held: a full backlog must not be waited for. Audit counts what it lost. */
	audit_log(NULL, GFP_NOWAIT, AUDIT_KERNEL_OTHER,
		  "fabric op=%s grant=%u kind=%u size=%llu prio=%u holder=%u by=%u pid=%d uid=%u tenant=%s res=%d reason=\"%s\"",
		  event_names[entry->event], entry->grant_id, entry->kind, entry->size,
		  entry->priority, entry->holder, entry->by, entry->pid, entry->uid,
		  *entry->tenant ? entry->tenant : "none", !entry->error, reason);
}

static void add(struct entry *entry)
{
	entry->time = ktime_get_real_ns();
	spin_lock(&record_lock);
	entries[++last_sequence % RECORD_ENTRIES] = *entry;
	spin_unlock(&record_lock);
	trace_fabric_record(event_names[entry->event], entry->grant_id, entry->size,
			    entry->priority, entry->by, entry->error, entry->reason);
	to_audit(entry);
}

static void from_request(struct entry *entry, const struct fabric_grant_req *req)
{
	entry->kind = req->kind;
	entry->priority = req->priority;
	entry->holder = req->holder;
	if (req->tenant)
		strscpy(entry->tenant, req->tenant->name);
}

/* @reason may be NULL. */
void fabric_record(enum fabric_event event, const struct fabric_grant *grant, u64 size, u32 by,
		   const char *reason)
{
	struct entry entry = {
		.event = event,
		.grant_id = grant->obj.id,
		.size = size,
		.by = by,
		.pid = grant->pid,
		.uid = from_kuid(&init_user_ns, grant->uid),
	};

	from_request(&entry, grant->req);
	memcpy(entry.comm, grant->comm, sizeof(entry.comm));
	if (reason)
		strscpy(entry.reason, reason);
	add(&entry);
}

static void count_refusal(int error)
{
	int i;

	spin_lock(&record_lock);
	for (i = 0; i < REFUSALS_MAX - 1; i++) {
		if (refusals[i].error == error || !refusals[i].error)
			break;
	}
	refusals[i].error = error;
	refusals[i].count++;
	spin_unlock(&record_lock);
}

/*
 * A request of the calling process was refused. @grant_id is 0 for a new one; @req is
 * NULL if nothing is known of what it is about, and incomplete if it can't be parsed.
 */
void fabric_record_refusal(const struct fabric_grant_req *req, u32 grant_id, u64 size, int error,
			   const struct netlink_ext_ack *extack)
{
	struct entry entry = {
		.event = FABRIC_EVENT_REFUSAL,
		.grant_id = grant_id,
		.size = size,
		.priority = U32_MAX,
		.error = -error,
		.pid = task_tgid_nr(current),
		.uid = from_kuid(&init_user_ns, current_euid()),
	};

	if (req)
		from_request(&entry, req);
	get_task_comm(entry.comm, current);
	if (extack && extack->_msg)
		strscpy(entry.reason, extack->_msg);
	else if (extack && extack->miss_type)
		snprintf(entry.reason, sizeof(entry.reason), "Attribute %u is missing",
			 extack->miss_type);
	count_refusal(-error);
	add(&entry);
}

/* A request that waited @ns was granted. */
void fabric_record_wait(u64 ns)
{
	u64 ms = div_u64(ns, NSEC_PER_MSEC);
	unsigned int i;

	if (!ns)
		return;
	for (i = 0; i < ARRAY_SIZE(wait_bounds); i++) {
		if (ms < wait_bounds[i])
			break;
	}
	atomic64_inc(&waits[i]);
}

static int fill_refusals(struct sk_buff *skb)
{
	int i, ret = 0;

	spin_lock(&record_lock);
	for (i = 0; !ret && i < REFUSALS_MAX && refusals[i].error; i++) {
		struct nlattr *nest = nla_nest_start(skb, FABRIC_A_STATS_REFUSAL);

		if (!nest || nla_put_u32(skb, FABRIC_A_REFUSAL_ERROR, refusals[i].error) ||
		    nla_put_uint(skb, FABRIC_A_REFUSAL_COUNT, refusals[i].count))
			ret = -EMSGSIZE;
		else
			nla_nest_end(skb, nest);
	}
	spin_unlock(&record_lock);
	return ret;
}

static int fill_waits(struct sk_buff *skb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		struct nlattr *nest = nla_nest_start(skb, FABRIC_A_STATS_WAIT);

		if (!nest || (i < ARRAY_SIZE(wait_bounds) &&
			      nla_put_u32(skb, FABRIC_A_WAIT_BUCKET_BELOW, wait_bounds[i])) ||
		    nla_put_uint(skb, FABRIC_A_WAIT_BUCKET_COUNT, atomic64_read(&waits[i])))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

int fabric_record_fill_stats(struct sk_buff *skb, const struct genl_info *info, void *obj)
{
	const struct fabric_stats *stats = obj;
	void *hdr = genlmsg_iput(skb, info);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_uint(skb, FABRIC_A_STATS_REQUESTS, atomic64_read(&stats->requests)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_GRANTS, atomic64_read(&stats->grants)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_RELEASES, atomic64_read(&stats->releases)) ||
	    fill_refusals(skb) ||
	    nla_put_uint(skb, FABRIC_A_STATS_NOTICES, atomic64_read(&stats->notices)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_SHRINKS, atomic64_read(&stats->shrinks)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_REVOKES, atomic64_read(&stats->revokes)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_FORCED, atomic64_read(&stats->forced)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_RESTORES, atomic64_read(&stats->restores)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_LEASE_EXPIRIES,
			 atomic64_read(&stats->lease_expiries)) ||
	    nla_put_uint(skb, FABRIC_A_STATS_WAIT_EXPIRIES,
			 atomic64_read(&stats->wait_expiries)) ||
	    nla_put_u32(skb, FABRIC_A_STATS_QUEUED, fabric_queue_length()) || fill_waits(skb)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* The first entry with a number not below @sequence, which becomes its number. */
static bool get(u64 *sequence, struct entry *entry)
{
	bool found;

	spin_lock(&record_lock);
	if (last_sequence >= RECORD_ENTRIES)
		*sequence = max(*sequence, last_sequence - RECORD_ENTRIES + 1);
	*sequence = max(*sequence, 1ULL);
	found = *sequence <= last_sequence;
	if (found)
		*entry = entries[*sequence % RECORD_ENTRIES];
	spin_unlock(&record_lock);
	return found;
}

/* Put the next entry. Return: 0, -ENOENT after the last, -EMSGSIZE. */
int fabric_record_fill_entry(struct sk_buff *skb, const struct genl_info *info, u64 *sequence)
{
	struct entry entry;
	void *hdr;

	if (!get(sequence, &entry))
		return -ENOENT;
	hdr = genlmsg_iput(skb, info);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_uint(skb, FABRIC_A_LOG_SEQUENCE, *sequence) ||
	    nla_put_uint(skb, FABRIC_A_LOG_TIME, entry.time) ||
	    nla_put_u32(skb, FABRIC_A_LOG_EVENT, entry.event) ||
	    (entry.grant_id && nla_put_u32(skb, FABRIC_A_LOG_GRANT_ID, entry.grant_id)) ||
	    (entry.kind && nla_put_u32(skb, FABRIC_A_LOG_KIND, entry.kind)) ||
	    nla_put_uint(skb, FABRIC_A_LOG_SIZE, entry.size) ||
	    (entry.priority != U32_MAX &&
	     nla_put_u32(skb, FABRIC_A_LOG_PRIORITY, entry.priority)) ||
	    (entry.holder && nla_put_u32(skb, FABRIC_A_LOG_HOLDER, entry.holder)) ||
	    nla_put_u32(skb, FABRIC_A_LOG_PID, entry.pid) ||
	    nla_put_u32(skb, FABRIC_A_LOG_UID, entry.uid) ||
	    nla_put_string(skb, FABRIC_A_LOG_COMM, entry.comm) ||
	    (*entry.tenant && nla_put_string(skb, FABRIC_A_LOG_TENANT, entry.tenant)) ||
	    (entry.by && nla_put_u32(skb, FABRIC_A_LOG_BY, entry.by)) ||
	    (entry.error && nla_put_u32(skb, FABRIC_A_LOG_ERROR, entry.error)) ||
	    (*entry.reason && nla_put_string(skb, FABRIC_A_LOG_REASON, entry.reason))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	++*sequence;
	return 0;
}

int fabric_record_init(void)
{
	entries = kvcalloc(RECORD_ENTRIES, sizeof(*entries), GFP_KERNEL);
	return entries ? 0 : -ENOMEM;
}

void fabric_record_exit(void)
{
	kvfree(entries);
}
