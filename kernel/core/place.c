// SPDX-License-Identifier: GPL-2.0
/*
 * Placement: which resources a request is met from. One slice if it can be;
 * else as few as possible, each of another device; or as many as the request
 * allows if it wants to be spread.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/topology.h>

#include "fabric_internal.h"

/**
 * struct candidate - a resource with room for at least a part
 * @resource: referenced
 * @run: longest part that it could take
 * @free: what it has free
 * @unit: what parts are multiples of
 * @distance: from the node that the request wants to be near
 * @part: what is taken
 */
struct candidate {
	struct fabric_resource *resource;
	u64 run;
	u64 free;
	u64 unit;
	int distance;
	u64 part;
};

/* Candidates, as many as there are resources. */
struct candidates {
	struct candidate *list;
	u32 nr;
	u32 room;
};

static void missed(struct fabric_search *search, enum fabric_miss miss)
{
	if (search && search->miss < miss)
		search->miss = miss;
}

static enum fabric_mode mode_of(const struct fabric_resource *resource,
				const struct fabric_grant_req *req)
{
	return req->mode ?: fabric_resource_default_mode(resource);
}

/* What every slice of the resource for this request is a multiple of. */
u64 fabric_place_unit(const struct fabric_resource *resource, const struct fabric_grant_req *req)
{
	return max(req->granularity, fabric_resource_align(resource, mode_of(resource, req)));
}

static bool is_there(const struct fabric_resource *resource, const struct fabric_grant_req *req)
{
	const struct fabric_resource_info *is = &resource->info;
	u32 i;

	if (is->kind != req->kind ||
	    (req->capability ? strcmp(is->capability, req->capability) : is->by_name))
		return false;
	if ((req->domain_id && req->domain_id != resource->domain->obj.id) ||
	    (req->device_id && req->device_id != resource->device->obj.id) ||
	    (req->numa_node != NUMA_NO_NODE && req->numa_node != is->numa_node) ||
	    (req->port && !fabric_device_below(resource->device, req->port)))
		return false;
	for (i = 0; i < req->labels.nr; i++) {
		if (!fabric_device_has_label(resource->device, req->labels.strings[i]))
			return false;
	}
	return true;
}

/*
 * Whether a part of the request could be met from the resource if it had room.
 * @search may be NULL.
 */
bool fabric_place_fits(struct fabric_resource *resource, const struct fabric_grant_req *req,
		       struct fabric_search *search)
{
	const struct fabric_resource_info *is = &resource->info;
	u64 align, left;

	lockdep_assert_held(&resource->domain->lock);
	if (!is_there(resource, req))
		return false;
	if (!(is->modes & FABRIC_MODE_BIT(mode_of(resource, req)))) {
		missed(search, FABRIC_MISS_MODE);
		return false;
	}
	if (req->bandwidth_max && !resource->domain->ops->throttles) {
		missed(search, FABRIC_MISS_THROTTLE);
		return false;
	}
	align = fabric_resource_align(resource, mode_of(resource, req));
	if (!IS_ALIGNED(req->granularity ?: req->size, align)) {
		missed(search, FABRIC_MISS_SIZE);
		if (search)
			search->align = align;
		return false;
	}
	if (req->bandwidth_min) {
		left = fabric_device_bandwidth(resource->device, false);
		if (search)
			search->carries = max(search->carries, left);
		if (left < req->bandwidth_min) {
			missed(search, FABRIC_MISS_LINK);
			return false;
		}
	}
	if (search) {
		search->total += is->total;
		search->most = max(search->most, is->total);
	}
	if (resource->device->admin_state != FABRIC_ADMIN_STATE_ENABLED) {
		missed(search, FABRIC_MISS_ADMIN);
		return false;
	}
	if (!fabric_device_usable(resource->device)) {
		missed(search, FABRIC_MISS_DEVICE);
		return false;
	}
	left = req->bandwidth_min ? fabric_device_bandwidth(resource->device, true) : 0;
	if (left < req->bandwidth_min) {
		missed(search, FABRIC_MISS_BANDWIDTH);
		if (search)
			search->left = left;
		return false;
	}
	return true;
}

/* The same, and the request is not too large for its tenant. */
bool fabric_place_matches(struct fabric_resource *resource, const struct fabric_grant_req *req,
			  struct fabric_search *search)
{
	u64 left;

	if (!fabric_place_fits(resource, req, search))
		return false;
	left = fabric_tenant_left(req->tenant, &resource->info);
	if (left >= req->size)
		return true;
	missed(search, FABRIC_MISS_QUOTA);
	if (search)
		search->left = left;
	return false;
}

int fabric_place_refuse(const struct fabric_search *search, const struct fabric_want *want,
			struct netlink_ext_ack *extack)
{
	switch (search->miss) {
	case FABRIC_MISS_ALL:
		NL_SET_ERR_MSG(extack, "No resource has this kind, capability, place and labels");
		return -ENOENT;
	case FABRIC_MISS_MODE:
		NL_SET_ERR_MSG(extack, "No matching resource offers this mode");
		return -EOPNOTSUPP;
	case FABRIC_MISS_THROTTLE:
		NL_SET_ERR_MSG(extack, "No matching resource can be throttled, omit bandwidth-max");
		return -EOPNOTSUPP;
	case FABRIC_MISS_SIZE:
		NL_SET_ERR_MSG_FMT(extack, "%s must be a multiple of %llu",
				   want->req->granularity ? "Granularity" : "Size",
				   search->align);
		return -EINVAL;
	case FABRIC_MISS_LINK:
		NL_SET_ERR_MSG_FMT(extack, "No path to a match carries more than %llu Mb/s",
				   search->carries);
		return -ENOSPC;
	case FABRIC_MISS_ADMIN:
		NL_SET_ERR_MSG(extack, "All matching devices are draining or disabled");
		return -ENXIO;
	case FABRIC_MISS_DEVICE:
		NL_SET_ERR_MSG(extack, "No matching device is healthy, with links up, and bound");
		return -ENXIO;
	case FABRIC_MISS_QUOTA:
		NL_SET_ERR_MSG_FMT(extack, "The quota of tenant %.20s leaves %llu",
				   want->req->tenant->name, search->left);
		return -EDQUOT;
	case FABRIC_MISS_BANDWIDTH:
		NL_SET_ERR_MSG_FMT(extack, "The path can guarantee %llu Mb/s more", search->left);
		return -ENOSPC;
	case FABRIC_MISS_QUEUE:
		NL_SET_ERR_MSG(extack, "Earlier requests in the queue come first, use wait");
		return -ENOSPC;
	case FABRIC_MISS_SPACE:
		break;
	}
	if (*search->withheld)
		NL_SET_ERR_MSG_FMT(extack, "%s", search->withheld);
	else
		NL_SET_ERR_MSG_FMT(extack,
				   "Largest free extent is %llu, release a grant or ask for less",
				   search->largest);
	return -ENOSPC;
}

static void note_withheld(struct fabric_resource *resource, struct fabric_search *search)
{
	const char *reason = fabric_resource_withheld_reason(resource);

	if (reason && !*search->withheld)
		strscpy(search->withheld, reason);
}

static int distance(const struct fabric_resource *resource, const struct fabric_grant_req *req)
{
	if (req->near_node == NUMA_NO_NODE)
		return 0;
	if (resource->info.numa_node == NUMA_NO_NODE)
		return INT_MAX;
	return node_distance(req->near_node, resource->info.numa_node);
}

/* Whether the request may have what is free of the resource. @search may be NULL. */
bool fabric_place_suits(struct fabric_resource *resource, const struct fabric_want *want,
			struct fabric_search *search)
{
	if (!fabric_place_matches(resource, want->req, search))
		return false;
	if (!fabric_queue_keeps(resource, want))
		return true;
	missed(search, FABRIC_MISS_QUEUE);
	return false;
}

static int visit_device(struct fabric_device *device, const struct fabric_want *want,
			struct fabric_search *search, fabric_visit_t visit, void *data)
{
	struct fabric_resource *resource;
	int ret = 0;

	list_for_each_entry(resource, &device->resources, node) {
		if (!ret && fabric_place_suits(resource, want, search))
			ret = visit(resource, want, search, data);
	}
	return ret;
}

static int visit_one(const struct fabric_want *want, struct fabric_search *search,
		     fabric_visit_t visit, void *data)
{
	struct fabric_device *device = fabric_device_get(want->req->device_id);
	int ret = 0;

	if (!device)
		return 0;
	mutex_lock(&device->domain->lock);
	if (device->domain->obj.registered)
		ret = visit_device(device, want, search, visit, data);
	mutex_unlock(&device->domain->lock);
	fabric_device_put(device);
	return ret;
}

/*
 * Call @visit for the resources that the request may have of, with their domain
 * locked, until it fails. @search may be NULL.
 */
int fabric_place_visit(const struct fabric_want *want, struct fabric_search *search,
		       fabric_visit_t visit, void *data)
{
	struct fabric_device *device;
	struct fabric_object *obj;
	unsigned long id;
	int ret = 0;

	lockdep_assert_held(&fabric_engine);
	if (want->req->device_id)
		return visit_one(want, search, visit, data);
	for (id = 0; !ret && (obj = fabric_object_next(&fabric_domains, &id)); id++) {
		struct fabric_domain *domain = container_of(obj, struct fabric_domain, obj);

		mutex_lock(&domain->lock);
		list_for_each_entry(device, &domain->devices, node) {
			if (ret || !domain->obj.registered)
				break;
			ret = visit_device(device, want, search, visit, data);
		}
		mutex_unlock(&domain->lock);
		fabric_domain_put(domain);
	}
	return ret;
}

/* The one resource that suits best. */
struct single {
	struct fabric_resource *resource;
	int distance;
	u64 metric;
};

static int try_single(struct fabric_resource *resource, const struct fabric_want *want,
		      struct fabric_search *search, void *data)
{
	const struct fabric_grant_req *req = want->req;
	u64 unit = fabric_place_unit(resource, req);
	int away = distance(resource, req);
	struct single *best = data;
	struct fabric_fit fit;
	u64 metric;

	if (!IS_ALIGNED(want->size, fabric_resource_align(resource, mode_of(resource, req))) ||
	    !fabric_extents_fit(&resource->extents, want->size,
				fabric_resource_align(resource, mode_of(resource, req)), &fit)) {
		missed(search, FABRIC_MISS_SPACE);
		search->largest = max(search->largest,
				      fabric_extents_run(&resource->extents, unit));
		note_withheld(resource, search);
		if (want->counts)
			resource->refusals++;
		return 0;
	}
	switch (req->placement) {
	case FABRIC_PLACEMENT_PACK:
		metric = resource->extents.free;
		break;
	case FABRIC_PLACEMENT_SPREAD:
		metric = U64_MAX - resource->extents.free;
		break;
	case FABRIC_PLACEMENT_BEST_FIT:
	default:
		metric = fit.room;
		break;
	}
	if (best->resource && (away > best->distance ||
			       (away == best->distance && metric >= best->metric)))
		return 0;
	fabric_resource_put(best->resource);
	fabric_object_hold(&resource->obj);
	best->resource = resource;
	best->distance = away;
	best->metric = metric;
	return 0;
}

/*
 * The smallest free extent of the domain that suffices, if it is shorter than
 * @best. Those that do not suit are passed over, but no more of them than there
 * are resources: it is as well to look at each of these then.
 *
 * Return: whether @best is right now.
 */
static bool best_fit_in(struct fabric_domain *domain, const struct fabric_want *want,
			struct single *best)
{
	const struct fabric_grant_req *req = want->req;
	u32 tries = domain->nr_resources;
	struct fabric_extent *extent;

	lockdep_assert_held(&domain->lock);
	if (!domain->obj.registered)
		return true;
	for (extent = fabric_extents_smallest(&domain->free[req->kind], want->size); extent;
	     extent = fabric_extents_next_longer(extent)) {
		struct fabric_resource *resource = container_of(extent->owner,
								struct fabric_resource, extents);
		u64 align = fabric_resource_align(resource, mode_of(resource, req));

		if (best->resource && best->metric <= extent->length)
			return true;
		if (IS_ALIGNED(want->size, align) &&
		    fabric_extent_holds(extent, want->size, align) &&
		    fabric_place_suits(resource, want, NULL)) {
			fabric_resource_put(best->resource);
			fabric_object_hold(&resource->obj);
			best->resource = resource;
			best->metric = extent->length;
			return true;
		}
		if (!tries--)
			return false;
	}
	return true;
}

/* Find the best fit by length, if there is one. Return: whether that is certain. */
static bool find_best_fit(const struct fabric_want *want, struct single *best)
{
	const struct fabric_grant_req *req = want->req;
	struct fabric_object *obj;
	bool right = true;
	unsigned long id;

	if (req->device_id || req->near_node != NUMA_NO_NODE ||
	    req->placement != FABRIC_PLACEMENT_BEST_FIT)
		return false;
	for (id = 0; right && (obj = fabric_object_next(&fabric_domains, &id)); id++) {
		struct fabric_domain *domain = container_of(obj, struct fabric_domain, obj);

		mutex_lock(&domain->lock);
		right = best_fit_in(domain, want, best);
		mutex_unlock(&domain->lock);
		fabric_domain_put(domain);
	}
	if (right)
		return true;
	fabric_resource_put(best->resource);
	*best = (struct single){};
	return false;
}

/*
 * Take @length of @resource for a new slice of @grant, if that is not NULL. The
 * resource can have left since it was found, then the search has to start again.
 */
static int take(struct fabric_grant *grant, const struct fabric_want *want,
		struct fabric_search *search, struct fabric_resource *resource, u64 length)
{
	enum fabric_mode mode = mode_of(resource, want->req);
	struct fabric_domain *domain = resource->domain;
	struct fabric_grant_slice *slice;
	struct fabric_fit fit;
	int ret = -EAGAIN;

	if (!grant)
		return 0;
	slice = fabric_slice_alloc(grant);
	if (!slice)
		return -ENOMEM;
	slice->pub.mode = mode;
	mutex_lock(&domain->lock);
	if (want->freed && want->freed != fabric_queue_freed()) {
		ret = -ESTALE;
		goto out;
	}
	/*
	 * Its quota was checked for the whole request. Bandwidth that pieces have
	 * in common may have gone to the first of them.
	 */
	if (resource->obj.registered && fabric_place_fits(resource, want->req, search) &&
	    fabric_extents_fit(&resource->extents, length,
			       fabric_resource_align(resource, mode), &fit))
		ret = fabric_resource_reserve(resource, slice, fit.start, length);
out:
	mutex_unlock(&domain->lock);
	if (ret) {
		fabric_slice_free(slice);
		return ret == -ENODEV ? -EAGAIN : ret;
	}
	fabric_grant_append(grant, slice);
	return 0;
}

static int place_single(struct fabric_grant *grant, const struct fabric_want *want,
			struct fabric_search *search)
{
	struct single best = {};
	bool certain;
	int ret;

	certain = find_best_fit(want, &best);
	if (certain && !best.resource && want->hasty) {
		search->miss = FABRIC_MISS_SPACE;
		return -ENOSPC;
	}
	if (!best.resource)
		fabric_place_visit(want, search, try_single, &best);
	if (!best.resource)
		return -ENOSPC;
	ret = take(grant, want, search, best.resource, want->size);
	fabric_resource_put(best.resource);
	return ret;
}

static int gather(struct fabric_resource *resource, const struct fabric_want *want,
		  struct fabric_search *search, void *data)
{
	struct candidates *candidates = data;
	struct candidate *next;
	u64 unit = fabric_place_unit(resource, want->req);
	u64 run = fabric_extents_run(&resource->extents, fabric_resource_align(resource,
				     mode_of(resource, want->req)));

	missed(search, FABRIC_MISS_SPACE);
	note_withheld(resource, search);
	run -= want->req->granularity ? run % want->req->granularity : 0;
	if (!run)
		return 0;
	if (candidates->nr == candidates->room) {
		u32 room = 2 * candidates->room ?: 64;
		struct candidate *more;

		more = kvrealloc(candidates->list, array_size(room, sizeof(*more)), GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		candidates->list = more;
		candidates->room = room;
	}
	next = &candidates->list[candidates->nr++];
	next->resource = resource;
	fabric_object_hold(&resource->obj);
	next->run = run;
	next->free = resource->extents.free;
	next->unit = unit;
	next->distance = distance(resource, want->req);
	next->part = 0;
	return 0;
}

static int by_distance_and_run(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return cmp_int(x->distance, y->distance) ?: cmp_int(y->run, x->run);
}

static int by_run(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return cmp_int(y->run, x->run);
}

static int by_distance_and_free(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return cmp_int(x->distance, y->distance) ?: cmp_int(y->free, x->free);
}

static void forget_parts(struct candidates *candidates)
{
	u32 i;

	for (i = 0; i < candidates->nr; i++)
		candidates->list[i].part = 0;
}

static bool device_is_used(const struct candidates *candidates, const struct fabric_device *device)
{
	u32 i;

	for (i = 0; i < candidates->nr; i++) {
		if (candidates->list[i].part && candidates->list[i].resource->device == device)
			return true;
	}
	return false;
}

/* The smallest run that holds all that is left. */
static struct candidate *best_for(const struct candidates *candidates, u64 left)
{
	struct candidate *best = NULL;
	u32 i;

	for (i = 0; i < candidates->nr; i++) {
		struct candidate *next = &candidates->list[i];

		if (next->part || next->run < left ||
		    device_is_used(candidates, next->resource->device))
			continue;
		if (!best || next->distance < best->distance ||
		    (next->distance == best->distance && next->run < best->run))
			best = next;
	}
	return best;
}

/* Whole runs in the order of the list, the rest from the smallest that suffices. */
static bool divide_greedily(struct candidates *candidates, const struct fabric_want *want)
{
	u64 left = want->size;
	u32 pieces = 0, i;

	forget_parts(candidates);
	for (i = 0; i < candidates->nr && pieces < want->pieces; i++) {
		struct candidate *next = best_for(candidates, left);

		if (next) {
			next->part = left;
			return true;
		}
		next = &candidates->list[i];
		if (device_is_used(candidates, next->resource->device))
			continue;
		next->part = next->run;
		left -= next->part;
		pieces++;
	}
	return false;
}

/* @nr equal parts, but for the last. */
static bool divide_equally(struct candidates *candidates, const struct fabric_want *want, u32 nr,
			   u64 unit)
{
	u64 part = div64_u64(want->size + nr * unit - 1, nr * unit) * unit;
	u64 left = want->size;
	u32 i;

	forget_parts(candidates);
	for (i = 0; i < candidates->nr && left; i++) {
		struct candidate *next = &candidates->list[i];
		u64 wanted = min(part, left);

		if (next->run < wanted || device_is_used(candidates, next->resource->device))
			continue;
		next->part = wanted;
		left -= wanted;
	}
	return !left;
}

static bool divide_spread(struct candidates *candidates, const struct fabric_want *want)
{
	u64 unit = 1;
	u32 nr, i;

	for (i = 0; i < candidates->nr; i++)
		unit = max(unit, candidates->list[i].unit);
	nr = min(want->pieces, candidates->nr);
	nr = min_t(u64, nr, div64_u64(want->size, unit));
	for (; nr > 1; nr--) {
		if (divide_equally(candidates, want, nr, unit))
			return true;
	}
	return false;
}

static void sort_by(struct candidates *candidates, int (*cmp)(const void *a, const void *b))
{
	sort(candidates->list, candidates->nr, sizeof(*candidates->list), cmp, NULL);
}

static bool divide(struct candidates *candidates, const struct fabric_want *want)
{
	if (want->req->placement == FABRIC_PLACEMENT_SPREAD) {
		sort_by(candidates, by_distance_and_free);
		if (divide_spread(candidates, want))
			return true;
	}
	sort_by(candidates, by_distance_and_run);
	if (divide_greedily(candidates, want))
		return true;
	if (want->req->near_node == NUMA_NO_NODE)
		return false;
	/* Far and few is still better than not at all. */
	sort_by(candidates, by_run);
	return divide_greedily(candidates, want);
}

/* All pieces have the mode of the first, which is the best. */
static void keep_one_mode(struct candidates *candidates, const struct fabric_grant_req *req)
{
	enum fabric_mode mode;
	u32 i, kept = 0;

	if (req->mode || !candidates->nr)
		return;
	mode = fabric_resource_default_mode(candidates->list[0].resource);
	for (i = 0; i < candidates->nr; i++) {
		if (fabric_resource_default_mode(candidates->list[i].resource) == mode)
			candidates->list[kept++] = candidates->list[i];
		else
			fabric_resource_put(candidates->list[i].resource);
	}
	candidates->nr = kept;
}

static int place_many(struct fabric_grant *grant, const struct fabric_want *want,
		      struct fabric_search *search)
{
	struct candidates candidates = {};
	int ret;
	u32 i;

	ret = fabric_place_visit(want, search, gather, &candidates);
	if (!ret) {
		sort_by(&candidates, by_distance_and_run);
		keep_one_mode(&candidates, want->req);
		if (!divide(&candidates, want))
			ret = -ENOSPC;
	}
	for (i = 0; i < candidates.nr; i++) {
		struct candidate *next = &candidates.list[i];

		if (!ret && next->part)
			ret = take(grant, want, search, next->resource, next->part);
		fabric_resource_put(next->resource);
	}
	kvfree(candidates.list);
	return ret;
}

/*
 * Reserve what is wanted from free capacity. The new slices are at the end of
 * those of @grant, which nobody else knows or which the caller has locked. If
 * it is NULL, only see whether that would succeed.
 *
 * Return: 0, -ENOSPC and the reason in @search, -ENOMEM, or -ESTALE if more became
 * free meanwhile than @want may have. After an error the grant has no new slices.
 */
int fabric_place(struct fabric_grant *grant, const struct fabric_want *want,
		 struct fabric_search *search)
{
	bool spread = want->req->placement == FABRIC_PLACEMENT_SPREAD;
	struct list_head *last = grant ? grant->slices.prev : NULL;
	int ret, tries;

	for (tries = 0; tries < 10; tries++) {
		*search = (struct fabric_search){};
		ret = -ENOSPC;
		if (want->pieces == 1 || !spread)
			ret = place_single(grant, want, search);
		if (ret == -ENOSPC && want->pieces > 1) {
			u64 largest = search->largest;

			*search = (struct fabric_search){ .largest = largest };
			ret = place_many(grant, want, search);
		}
		if (!ret)
			return 0;
		/* The steps that were done are undone in reverse order. */
		while (grant && grant->slices.prev != last)
			fabric_grant_drop_last(grant);
		if (ret != -EAGAIN)
			return ret;
	}
	return -ENOSPC;
}

static int find_forcible(struct fabric_resource *resource, const struct fabric_want *want,
			 struct fabric_search *search, void *data)
{
	struct fabric_resource **found = data;

	if (*found || want->size != resource->info.granule ||
	    !fabric_resource_can_force(resource))
		return 0;
	fabric_object_hold(&resource->obj);
	*found = resource;
	return 0;
}

/*
 * Reserve a granule that the host uses. The backend is told; should it refuse, it will
 * say so again.
 *
 * Return: as fabric_place().
 */
int fabric_place_forced(struct fabric_grant *grant, const struct fabric_want *want,
			struct fabric_search *search)
{
	struct fabric_resource *resource = NULL;
	struct fabric_grant_slice *slice;
	struct fabric_domain *domain;
	int ret = -ENOSPC;

	fabric_place_visit(want, NULL, find_forcible, &resource);
	if (!resource)
		return -ENOSPC;
	slice = fabric_slice_alloc(grant);
	if (!slice) {
		fabric_resource_put(resource);
		return -ENOMEM;
	}
	slice->pub.mode = mode_of(resource, want->req);
	domain = resource->domain;
	mutex_lock(&domain->lock);
	/* As above: it can have left, or the host can have ceased to use it */
	if (resource->obj.registered && fabric_place_fits(resource, want->req, search) &&
	    fabric_resource_can_force(resource))
		ret = fabric_resource_reserve(resource, slice, fabric_resource_force(resource),
					      want->size);
	mutex_unlock(&domain->lock);
	fabric_resource_put(resource);
	if (ret) {
		fabric_slice_free(slice);
		return ret == -ENODEV ? -ENOSPC : ret;
	}
	fabric_grant_append(grant, slice);
	return 0;
}
