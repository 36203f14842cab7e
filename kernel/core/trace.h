/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fabric

#if !defined(_FABRIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _FABRIC_TRACE_H

#include <linux/tracepoint.h>
#include <uapi/linux/fabric.h>

#ifndef _FABRIC_TRACE_NAMES
#define _FABRIC_TRACE_NAMES

#define show_binding(val) __print_symbolic(val, \
	{ FABRIC_BINDING_UNBOUND,	"unbound" }, \
	{ FABRIC_BINDING_BINDING,	"binding" }, \
	{ FABRIC_BINDING_BOUND,		"bound" }, \
	{ FABRIC_BINDING_UNBINDING,	"unbinding" }, \
	{ FABRIC_BINDING_ERROR,		"error" })

#define show_link(val) __print_symbolic(val, \
	{ FABRIC_LINK_DOWN,		"down" }, \
	{ FABRIC_LINK_UP,		"up" })

#define show_health(val) __print_symbolic(val, \
	{ FABRIC_HEALTH_OK,		"ok" }, \
	{ FABRIC_HEALTH_REMOVING,	"removing" }, \
	{ FABRIC_HEALTH_GONE,		"gone" })

#define show_slice_state(val) __print_symbolic(val, \
	{ 0,				"free" }, \
	{ FABRIC_SLICE_STATE_RESERVED,	"reserved" }, \
	{ FABRIC_SLICE_STATE_GRANTED,	"granted" }, \
	{ FABRIC_SLICE_STATE_QUARANTINED, "quarantined" })

#define show_grant_state(val) __print_symbolic(val, \
	{ FABRIC_GRANT_STATE_PREPARING,	"preparing" }, \
	{ FABRIC_GRANT_STATE_ACTIVE,	"active" }, \
	{ FABRIC_GRANT_STATE_REVOKING,	"revoking" }, \
	{ FABRIC_GRANT_STATE_QUARANTINED, "quarantined" }, \
	{ FABRIC_GRANT_STATE_RELEASED,	"released" }, \
	{ FABRIC_GRANT_STATE_QUEUED,	"queued" }, \
	{ FABRIC_GRANT_STATE_SHRINKING,	"shrinking" }, \
	{ FABRIC_GRANT_STATE_FAILED,	"failed" }, \
	{ FABRIC_GRANT_STATE_EXPIRED,	"expired" })

#endif /* _FABRIC_TRACE_NAMES */

TRACE_EVENT(fabric_port_binding,
	TP_PROTO(u32 id, int from, int to),
	TP_ARGS(id, from, to),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("port=%u %s -> %s", __entry->id, show_binding(__entry->from),
		  show_binding(__entry->to))
);

TRACE_EVENT(fabric_port_link,
	TP_PROTO(u32 id, int from, int to),
	TP_ARGS(id, from, to),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("port=%u %s -> %s", __entry->id, show_link(__entry->from),
		  show_link(__entry->to))
);

TRACE_EVENT(fabric_device_health,
	TP_PROTO(u32 id, int from, int to),
	TP_ARGS(id, from, to),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("device=%u %s -> %s", __entry->id, show_health(__entry->from),
		  show_health(__entry->to))
);

TRACE_EVENT(fabric_slice_state,
	TP_PROTO(u32 grant, u32 resource, u64 start, u64 length, int from, int to),
	TP_ARGS(grant, resource, start, length, from, to),
	TP_STRUCT__entry(
		__field(u64, start)
		__field(u64, length)
		__field(u32, grant)
		__field(u32, resource)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->start = start;
		__entry->length = length;
		__entry->grant = grant;
		__entry->resource = resource;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("grant=%u resource=%u start=%#llx length=%#llx %s -> %s", __entry->grant,
		  __entry->resource, __entry->start, __entry->length,
		  show_slice_state(__entry->from), show_slice_state(__entry->to))
);

TRACE_EVENT(fabric_grant_state,
	TP_PROTO(u32 id, int from, int to, u64 size, const char *reason),
	TP_ARGS(id, from, to, size, reason),
	TP_STRUCT__entry(
		__field(u64, size)
		__field(u32, id)
		__field(int, from)
		__field(int, to)
		__string(reason, reason)
	),
	TP_fast_assign(
		__entry->size = size;
		__entry->id = id;
		__entry->from = from;
		__entry->to = to;
		__assign_str(reason);
	),
	TP_printk("grant=%u size=%llu %s -> %s reason=\"%s\"", __entry->id, __entry->size,
		  show_grant_state(__entry->from), show_grant_state(__entry->to),
		  __get_str(reason))
);

TRACE_EVENT(fabric_record,
	TP_PROTO(const char *event, u32 grant, u64 size, u32 priority, u32 by, int error,
		 const char *reason),
	TP_ARGS(event, grant, size, priority, by, error, reason),
	TP_STRUCT__entry(
		__field(u64, size)
		__string(event, event)
		__field(u32, grant)
		__field(u32, priority)
		__field(u32, by)
		__field(int, error)
		__string(reason, reason)
	),
	TP_fast_assign(
		__entry->size = size;
		__assign_str(event);
		__entry->grant = grant;
		__entry->priority = priority;
		__entry->by = by;
		__entry->error = error;
		__assign_str(reason);
	),
	TP_printk("%s grant=%u size=%llu priority=%u by=%u error=%d reason=\"%s\"",
		  __get_str(event), __entry->grant, __entry->size, __entry->priority, __entry->by,
		  __entry->error, __get_str(reason))
);

TRACE_EVENT(fabric_op,
	TP_PROTO(const char *op, u32 id, int ret),
	TP_ARGS(op, id, ret),
	TP_STRUCT__entry(
		__string(op, op)
		__field(u32, id)
		__field(int, ret)
	),
	TP_fast_assign(
		__assign_str(op);
		__entry->id = id;
		__entry->ret = ret;
	),
	TP_printk("%s id=%u ret=%d", __get_str(op), __entry->id, __entry->ret)
);

#endif /* _FABRIC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
