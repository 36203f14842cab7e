// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: what functions can do
 *
 * The capability of what a function offers comes from a table of the administrator,
 * a module parameter, or else from its class. It is that of the moment in which the
 * function offers something.
 */
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fabric_pci.h"

/* Of a base class, with its sub-class, and with its programming interface, in digits */
#define CLASS_DIGITS	6

/**
 * struct rule - a line of the table
 * @vendor: vendor ID or PCI_ANY_ID
 * @device: device ID or PCI_ANY_ID
 * @class: class
 * @class_mask: what of it counts
 * @capability: what these functions can do
 */
struct rule {
	u32 vendor;
	u32 device;
	u32 class;
	u32 class_mask;
	char capability[FABRIC_NAME_MAX_LEN + 1];
};

/* The table, and its text, which are of one moment */
static DEFINE_MUTEX(table_lock);
static struct rule *table;
static unsigned int nr_rules;
static char *table_text;

static int parse_id(const char *text, u32 *id)
{
	u16 value = 0;
	int ret;

	*id = PCI_ANY_ID;
	if (!strcmp(text, "*"))
		return 0;
	ret = kstrtou16(text, 16, &value);
	*id = value;
	return ret;
}

static int parse_class(const char *text, struct rule *rule)
{
	unsigned int digits = strlen(text), rest = 4 * (CLASS_DIGITS - digits);

	if (!digits || digits > CLASS_DIGITS || digits % 2)
		return -EINVAL;
	rule->vendor = PCI_ANY_ID;
	rule->device = PCI_ANY_ID;
	rule->class_mask = GENMASK(4 * CLASS_DIGITS - 1, rest);
	if (kstrtou32(text, 16, &rule->class))
		return -EINVAL;
	rule->class <<= rest;
	return 0;
}

/* VENDOR:DEVICE=CAPABILITY or class:CLASS=CAPABILITY */
static int parse_rule(char *text, struct rule *rule)
{
	char *capability = strchr(text, '='), *device;
	int ret;

	if (!capability)
		return -EINVAL;
	*capability++ = '\0';
	/* With room for what whole functions are called */
	if (!*capability || strlen(capability) + strlen(FABRIC_PCI_WHOLE) > FABRIC_NAME_MAX_LEN)
		return -EINVAL;
	strscpy(rule->capability, capability);
	if (str_has_prefix(text, "class:"))
		return parse_class(text + strlen("class:"), rule);
	device = strchr(text, ':');
	if (!device)
		return -EINVAL;
	*device++ = '\0';
	ret = parse_id(text, &rule->vendor);
	return ret ?: parse_id(device, &rule->device);
}

/* Rules that are found first are first; returns how many, which may be none. */
static int parse_table(char *text, struct rule **rules)
{
	struct rule *more;
	char *word;
	int nr = 0, ret;

	*rules = NULL;
	while ((word = strsep(&text, ","))) {
		if (!*word)
			continue;
		more = krealloc_array(*rules, nr + 1, sizeof(*more), GFP_KERNEL);
		if (!more) {
			kfree(*rules);
			return -ENOMEM;
		}
		*rules = more;
		more[nr] = (struct rule){};
		ret = parse_rule(word, &more[nr++]);
		if (ret) {
			kfree(*rules);
			return ret;
		}
	}
	return nr;
}

/* All of it, or nothing */
static int capabilities_set(const char *value, const struct kernel_param *param)
{
	char *text = kstrdup(value, GFP_KERNEL), *copy;
	struct rule *rules;
	int nr;

	if (!text)
		return -ENOMEM;
	copy = kstrdup(strim(text), GFP_KERNEL);
	if (!copy) {
		kfree(text);
		return -ENOMEM;
	}
	nr = parse_table(strim(text), &rules);
	kfree(text);
	if (nr < 0) {
		kfree(copy);
		return nr;
	}
	mutex_lock(&table_lock);
	swap(table, rules);
	swap(table_text, copy);
	nr_rules = nr;
	mutex_unlock(&table_lock);
	kfree(rules);
	kfree(copy);
	return 0;
}

static int capabilities_get(char *buf, const struct kernel_param *param)
{
	int len;

	mutex_lock(&table_lock);
	len = sysfs_emit(buf, "%s\n", table_text ?: "");
	mutex_unlock(&table_lock);
	return len;
}

static void capabilities_free(void *arg)
{
	kfree(table);
	kfree(table_text);
}

static const struct kernel_param_ops capabilities_ops = {
	.set = capabilities_set,
	.get = capabilities_get,
	.free = capabilities_free,
};

module_param_cb(capabilities, &capabilities_ops, NULL, 0644);
MODULE_PARM_DESC(capabilities, "What functions that are found from now on can do: VENDOR:DEVICE=NAME or class:CLASS=NAME, in hexadecimal digits, with commas between; the first that matches counts");

static const char *of_class(u32 class)
{
	if (class == PCI_CLASS_STORAGE_EXPRESS)
		return "nvme";
	switch (class >> 16) {
	case PCI_BASE_CLASS_STORAGE:
		return "storage";
	case PCI_BASE_CLASS_NETWORK:
		return "net";
	case PCI_BASE_CLASS_DISPLAY:
		return "gpu";
	case PCI_BASE_CLASS_CRYPT:
		return "crypto";
	case PCI_BASE_CLASS_ACCELERATOR:
		return "accelerator";
	default:
		return "function";
	}
}

static bool matches(const struct rule *rule, const struct pci_dev *pdev)
{
	return (rule->vendor == PCI_ANY_ID || rule->vendor == pdev->vendor) &&
	       (rule->device == PCI_ANY_ID || rule->device == pdev->device) &&
	       !((rule->class ^ pdev->class) & rule->class_mask);
}

/* Of virtual functions, that of their physical one: they are not there yet. */
void fabric_pci_capability(const struct pci_dev *pdev, bool whole,
			   char capability[FABRIC_NAME_MAX_LEN + 1])
{
	const char *name = of_class(pdev->class);
	unsigned int i;

	mutex_lock(&table_lock);
	for (i = 0; i < nr_rules; i++) {
		if (matches(&table[i], pdev)) {
			name = table[i].capability;
			break;
		}
	}
	strscpy(capability, name, FABRIC_NAME_MAX_LEN + 1);
	if (whole)
		strlcat(capability, FABRIC_PCI_WHOLE, FABRIC_NAME_MAX_LEN + 1);
	mutex_unlock(&table_lock);
}
