# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What a kernel says when something is wrong with it, for grep -E. "taints kernel"
# of a module from outside the tree is not among it.

DEFECTS='BUG:|Oops|WARNING:|KASAN|KFENCE|UBSAN|general protection|Call Trace'
DEFECTS+='|refcount_t:|ODEBUG|possible (circular|recursive|irq lock)|inconsistent lock state'
DEFECTS+='|suspicious RCU|bad unlock balance|held lock freed|lock held when returning'
DEFECTS+='|sleeping function called|scheduling while atomic|(list_add|list_del) corruption'
DEFECTS+='|Bad page|unable to handle|Kernel panic|blocked for more than|detected stall'
DEFECTS+='|soft lockup|kmemleak: [0-9]+ new|usercopy:|stack-protector'
