// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: throttling
 *
 * Copies from and to a slice with a cap go through a token bucket, as in a
 * switch that polices a port. The rate is the cap, in units of 10^6 bits per
 * second. The bucket holds what the rate moves in 20 ms: a slice that was idle
 * is ahead by that much at most, and who slept a little too long loses nothing.
 *
 * A bucket is one number: the time, on the clock of ktime_get(), at which it
 * will be full again. Taking tokens moves that away by the time in which as
 * many come in. At first it is 0, long ago, hence the bucket is full.
 *
 * Who waits has taken nothing yet. So a signal costs nothing, and a copy that
 * is interrupted and repeated again and again gets on all the same. One call
 * wants half of the bucket at most, so alone it sleeps 10 ms at most. Threads
 * that copy at the same time share the rate by chance; who had no luck for 20 ms
 * gets a single byte, on credit, so that whoever revokes the slice does not wait
 * longer however many there are.
 */
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>

#include "emu.h"

#define BUCKET_NS	((s64)(20 * NSEC_PER_MSEC))

/* Mb/s are bits per microsecond. */
static s64 time_of(size_t bytes, u32 rate)
{
	return div_u64((u64)bytes * BITS_PER_BYTE * NSEC_PER_USEC, rate) + 1;
}

/* Wait until bytes can be copied, of @wanted. Returns how many, or -EINTR. */
ssize_t emu_throttle(atomic64_t *bucket, u32 rate, size_t wanted)
{
	u64 half = (u64)rate * (BUCKET_NS / 2 / NSEC_PER_USEC) / BITS_PER_BYTE;
	ktime_t patience = ktime_add_ns(ktime_get(), BUCKET_NS);
	s64 full_at = atomic64_read(bucket);
	size_t bytes = min(wanted, half);
	s64 cost = time_of(bytes, rate);

	for (;;) {
		ktime_t enough_at = full_at + cost - BUCKET_NS;
		ktime_t now = ktime_get();

		if (enough_at <= now) {
			if (atomic64_try_cmpxchg(bucket, &full_at, max(full_at, now) + cost))
				return bytes;
			continue;
		}
		if (patience <= now) {
			atomic64_add(time_of(1, rate), bucket);
			return 1;
		}
		enough_at = min(enough_at, patience);
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current)) {
			__set_current_state(TASK_RUNNING);
			return -EINTR;
		}
		schedule_hrtimeout(&enough_at, HRTIMER_MODE_ABS);
		full_at = atomic64_read(bucket);
	}
}
