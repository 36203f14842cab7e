// SPDX-License-Identifier: GPL-2.0
/* Labels: "key=value" strings that the administrator sets on ports and devices. */
#include <linux/ctype.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netlink.h>

#include "fabric_internal.h"

static bool is_key(const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (!isalnum(key[i]) && !strchr("._-/", key[i]))
			return false;
	}
	return len;
}

/* The policy of an attribute that repeats lets a string without an end through. */
const char *fabric_label_string(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (memchr(nla_data(attr), '\0', nla_len(attr)))
		return nla_data(attr);
	NL_SET_ERR_MSG_ATTR(extack, attr, "A label ends with a zero byte");
	return NULL;
}

static size_t key_length(const char *label)
{
	return strcspn(label, "=");
}

bool fabric_label_key_sound(const char *key)
{
	return is_key(key, strlen(key));
}

bool fabric_label_sound(const char *label)
{
	size_t len = key_length(label);
	const char *c;

	if (!is_key(label, len) || label[len] != '=' || !label[len + 1])
		return false;
	for (c = label + len + 1; *c; c++) {
		if (!isprint(*c) || isspace(*c))
			return false;
	}
	return true;
}

bool fabric_labels_have(const struct fabric_labels *labels, const char *label)
{
	u32 i;

	for (i = 0; i < labels->nr; i++) {
		if (!strcmp(labels->strings[i], label))
			return true;
	}
	return false;
}

bool fabric_labels_same(const struct fabric_labels *a, const struct fabric_labels *b)
{
	u32 i;

	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++) {
		if (strcmp(a->strings[i], b->strings[i]))
			return false;
	}
	return true;
}

static bool same_key(const char *label, const char *key)
{
	size_t len = key_length(key);

	return key_length(label) == len && !strncmp(label, key, len);
}

static bool goes(const char *label, const struct fabric_labels_change *change)
{
	u32 i;

	for (i = 0; i < change->nr_remove; i++) {
		if (same_key(label, change->remove[i]))
			return true;
	}
	for (i = 0; i < change->nr_add; i++) {
		if (same_key(label, change->add[i]))
			return true;
	}
	return false;
}

/* The last one with a key counts. */
static bool is_overruled(const struct fabric_labels_change *change, u32 i)
{
	u32 later;

	for (later = i + 1; later < change->nr_add; later++) {
		if (same_key(change->add[i], change->add[later]))
			return true;
	}
	return false;
}

static int append(struct fabric_labels *labels, const char *label, struct netlink_ext_ack *extack)
{
	if (labels->nr == FABRIC_LABELS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "More than %u labels", FABRIC_LABELS_MAX);
		return -ENOSPC;
	}
	labels->strings[labels->nr] = kstrdup(label, GFP_KERNEL);
	if (!labels->strings[labels->nr])
		return -ENOMEM;
	labels->nr++;
	return 0;
}

/* What @labels become by @change, in @result; @labels are not touched. */
int fabric_labels_changed(struct fabric_labels *result, const struct fabric_labels *labels,
			  const struct fabric_labels_change *change,
			  struct netlink_ext_ack *extack)
{
	int ret = 0;
	u32 i;

	result->nr = 0;
	for (i = 0; !ret && i < labels->nr; i++) {
		if (!goes(labels->strings[i], change))
			ret = append(result, labels->strings[i], extack);
	}
	for (i = 0; !ret && i < change->nr_add; i++) {
		if (!is_overruled(change, i))
			ret = append(result, change->add[i], extack);
	}
	if (ret)
		fabric_labels_free(result);
	return ret;
}

void fabric_labels_free(struct fabric_labels *labels)
{
	while (labels->nr)
		kfree(labels->strings[--labels->nr]);
}

int fabric_labels_fill(struct sk_buff *skb, int attr, const struct fabric_labels *labels)
{
	u32 i;

	for (i = 0; i < labels->nr; i++) {
		if (nla_put_string(skb, attr, labels->strings[i]))
			return -EMSGSIZE;
	}
	return 0;
}
