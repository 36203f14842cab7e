/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FABRIC_COMPAT_NETDEV_H
#define _FABRIC_COMPAT_NETDEV_H

#include <linux/netdevice.h>

/* Operations of some drivers have a lock of their own since 6.15. */
#ifdef FABRIC_HAVE_NETDEV_LOCK_OPS
#include <net/netdev_lock.h>
#else
static inline void netdev_lock_ops(struct net_device *dev)
{
}

static inline void netdev_unlock_ops(struct net_device *dev)
{
}
#endif

#endif /* _FABRIC_COMPAT_NETDEV_H */
