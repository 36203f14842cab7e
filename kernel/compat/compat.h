/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only home of differences between kernels. Code is written for the newest
 * kernel; what an older one lacks is provided here. FABRIC_HAVE_* come from
 * conftest.sh.
 */
#ifndef _FABRIC_COMPAT_H
#define _FABRIC_COMPAT_H

#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/sort.h>

/* Symbol namespaces are strings since 6.13. */
#ifdef FABRIC_HAVE_QUOTED_NS
#define FABRIC_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#define EXPORT_SYMBOL_FABRIC(sym)	EXPORT_SYMBOL_NS_GPL(sym, "FABRIC")
#else
#define FABRIC_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#define EXPORT_SYMBOL_FABRIC(sym)	EXPORT_SYMBOL_NS_GPL(sym, FABRIC)
#endif

/* hrtimer_setup() took the place of hrtimer_init() in 6.15. */
#ifndef FABRIC_HAVE_HRTIMER_SETUP
#define hrtimer_setup(timer, fn, clock, mode)		\
	do {						\
		hrtimer_init(timer, clock, mode);	\
		(timer)->function = (fn);		\
	} while (0)
#endif

#ifndef cmp_int
#define cmp_int(l, r)	(((l) > (r)) - ((l) < (r)))
#endif

#endif /* _FABRIC_COMPAT_H */
