// SPDX-License-Identifier: GPL-2.0
/*
 * Files of grants. A grant bound to its file ends with the last reference to
 * that file, mappings included, and a request in the queue with that of whoever
 * waits for it. Reading such a file waits for a change and tells the state.
 * Other files of a grant only lead to its memory.
 *
 * Every file has an inode, hence a mapping, of its own, so that the pages of a
 * grant can be unmapped from all processes without touching another's.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "fabric_internal.h"

/**
 * struct fabric_grant_file - an open file of a grant
 * @grant: referenced
 * @node: in grant->files
 * @mapping: of the file
 * @use: what it is for
 * @seen: version of the grant that was read last
 */
struct fabric_grant_file {
	struct fabric_grant *grant;
	struct list_head node;
	struct address_space *mapping;
	enum fabric_file_use use;
	int seen;
};

/* The slice that @offset of the file is in; it becomes the offset in the slice. */
static struct fabric_grant_slice *find_slice(struct fabric_grant *grant, u64 *offset)
{
	struct fabric_grant_slice *slice;

	list_for_each_entry(slice, &grant->slices, siblings) {
		if (*offset >= slice->offset && *offset - slice->offset < slice->map_length) {
			*offset -= slice->offset;
			return slice;
		}
	}
	return NULL;
}

/*
 * The page is inserted under map_lock, not returned to the caller: whoever
 * revokes takes it for writing before unmapping, and no page can slip in after.
 */
static vm_fault_t grant_fault(struct vm_fault *vmf)
{
	struct fabric_grant_file *gfile = vmf->vma->vm_file->private_data;
	struct fabric_grant *grant = gfile->grant;
	u64 offset = (u64)vmf->pgoff << PAGE_SHIFT;
	struct fabric_grant_slice *slice;
	struct page *page;
	int ret = -EFAULT;

	down_read(&grant->map_lock);
	slice = grant->mappable ? find_slice(grant, &offset) : NULL;
	if (slice)
		ret = slice->resource->domain->ops->slice_page(&slice->pub, offset >> PAGE_SHIFT,
							       &page);
	if (!ret) {
		ret = vm_insert_page(vmf->vma, vmf->address, page);
		put_page(page);
		/* Somebody else faulted the same page in. */
		if (ret == -EBUSY)
			ret = 0;
	}
	up_read(&grant->map_lock);
	return ret ? vmf_error(ret) : VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct grant_vm_ops = {
	.fault = grant_fault,
};

static int grant_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fabric_grant_file *gfile = file->private_data;
	struct fabric_grant *grant = gfile->grant;
	u64 pages;

	if (grant->mode != FABRIC_MODE_MAP)
		return -ENODEV;
	/* A private copy would outlive the grant. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	pages = READ_ONCE(grant->map_size) >> PAGE_SHIFT;
	if (vma->vm_pgoff > pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &grant_vm_ops;
	return 0;
}

static bool has_changed(const struct fabric_grant_file *gfile)
{
	return atomic_read(&gfile->grant->version) != READ_ONCE(gfile->seen);
}

static __poll_t grant_poll(struct file *file, poll_table *wait)
{
	struct fabric_grant_file *gfile = file->private_data;
	struct fabric_grant *grant = gfile->grant;
	__poll_t events = 0;

	poll_wait(file, &grant->wait, wait);
	if (gfile->use != FABRIC_FILE_DATA && has_changed(gfile))
		events |= EPOLLIN | EPOLLRDNORM;
	switch (READ_ONCE(grant->state)) {
	case FABRIC_GRANT_STATE_ACTIVE:
	case FABRIC_GRANT_STATE_SHRINKING:
	case FABRIC_GRANT_STATE_QUEUED:
	case FABRIC_GRANT_STATE_PREPARING:
		return events;
	default:
		return events | EPOLLHUP;
	}
}

/*
 * The grant as it is now, as the message that its notification is. A change that could not be
 * told is told by the next read.
 */
static ssize_t read_state(struct fabric_grant_file *gfile, struct iov_iter *to)
{
	struct fabric_grant *grant = gfile->grant;
	struct sk_buff *msg;
	ssize_t ret;
	int version;

	msg = genlmsg_new(FABRIC_GRANT_MSG_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&grant->lock);
	version = atomic_read(&grant->version);
	ret = fabric_nl_fill_event(msg, fabric_grant_ended(grant) ? FABRIC_CMD_GRANT_DEL_NTF :
				   FABRIC_CMD_GRANT_CHANGE_NTF, fabric_grant_fill, grant);
	mutex_unlock(&grant->lock);
	if (!ret && iov_iter_count(to) < msg->len)
		ret = -EMSGSIZE;
	if (!ret && copy_to_iter(msg->data, msg->len, to) != msg->len)
		ret = -EFAULT;
	if (!ret) {
		ret = msg->len;
		WRITE_ONCE(gfile->seen, version);
	}
	nlmsg_free(msg);
	return ret;
}

static ssize_t wait_for_change(struct kiocb *iocb, struct iov_iter *to)
{
	struct fabric_grant_file *gfile = iocb->ki_filp->private_data;
	struct fabric_grant *grant = gfile->grant;
	bool nonblock = iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
	int ret;

	if (!has_changed(gfile)) {
		if (fabric_grant_ended(grant))
			return 0;
		if (nonblock)
			return -EAGAIN;
		ret = wait_event_interruptible(grant->wait,
					       has_changed(gfile) || fabric_grant_ended(grant));
		if (ret)
			return ret;
	}
	return read_state(gfile, to);
}

/*
 * The slice at @offset, for a copy; it can't go until copy_end(). While the
 * grant is being shrunk, copies wait.
 */
static struct fabric_grant_slice *copy_begin(struct fabric_grant *grant, u64 *offset)
{
	struct fabric_grant_slice *slice = NULL;
	bool wait;
	int ret;

	do {
		down_read(&grant->map_lock);
		wait = grant->shrinks;
		if (grant->mappable && !wait)
			slice = find_slice(grant, offset);
		if (slice)
			atomic_inc(&grant->nr_copies);
		up_read(&grant->map_lock);
		ret = wait ? wait_event_interruptible(grant->wait, !READ_ONCE(grant->shrinks)) : 0;
		if (ret)
			return ERR_PTR(ret);
	} while (wait);
	return slice;
}

static void copy_end(struct fabric_grant *grant)
{
	if (atomic_dec_and_test(&grant->nr_copies))
		wake_up_all(&grant->wait);
}

/* The op sees memory of the kernel: that of the caller could make it wait for ever. */
static ssize_t copy_some(struct fabric_grant *grant, void *buffer, size_t count, u64 offset,
			 bool to_slice)
{
	struct fabric_grant_slice *slice = copy_begin(grant, &offset);
	const struct fabric_backend_ops *ops;
	struct kvec kvec = { .iov_base = buffer };
	struct iov_iter iter;
	ssize_t ret;

	if (IS_ERR_OR_NULL(slice))
		return slice ? PTR_ERR(slice) : 0;
	ops = slice->resource->domain->ops;
	kvec.iov_len = min_t(u64, count, slice->map_length - offset);
	iov_iter_kvec(&iter, to_slice ? ITER_SOURCE : ITER_DEST, &kvec, 1, kvec.iov_len);
	ret = ops->slice_copy ? ops->slice_copy(&slice->pub, offset, &iter, to_slice) :
				-EOPNOTSUPP;
	copy_end(grant);
	return ret;
}

static ssize_t copy(struct kiocb *iocb, struct iov_iter *iter, bool to_slice)
{
	struct fabric_grant_file *gfile = iocb->ki_filp->private_data;
	ssize_t done = 0, ret = 0;
	void *buffer;

	if (gfile->grant->mode != FABRIC_MODE_MAP)
		return -EINVAL;
	buffer = kvmalloc(FABRIC_COPY_MAX, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	while (iov_iter_count(iter)) {
		size_t count = min_t(size_t, iov_iter_count(iter), FABRIC_COPY_MAX);

		if (to_slice && copy_from_iter(buffer, count, iter) != count) {
			ret = -EFAULT;
			break;
		}
		ret = copy_some(gfile->grant, buffer, count, iocb->ki_pos, to_slice);
		if (to_slice && ret < (ssize_t)count)
			iov_iter_revert(iter, count - max(ret, (ssize_t)0));
		if (ret <= 0)
			break;
		if (!to_slice && copy_to_iter(buffer, ret, iter) != ret) {
			ret = -EFAULT;
			break;
		}
		iocb->ki_pos += ret;
		done += ret;
		if (signal_pending(current))
			break;
	}
	kvfree(buffer);
	if (!done && !ret && to_slice && iov_iter_count(iter))
		return -ENOSPC;
	return done ?: ret;
}

static ssize_t grant_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct fabric_grant_file *gfile = iocb->ki_filp->private_data;

	return gfile->use == FABRIC_FILE_DATA ? copy(iocb, to, false) : wait_for_change(iocb, to);
}

static ssize_t grant_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct fabric_grant_file *gfile = iocb->ki_filp->private_data;

	return gfile->use == FABRIC_FILE_DATA ? copy(iocb, from, true) : -EINVAL;
}

static void grant_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct fabric_grant_file *gfile = file->private_data;

	seq_printf(m, "fabric-grant:\t%u\n", gfile->grant->obj.id);
}

/* Runs in the exiting task: the slow part is left to the work item. */
static int grant_release(struct inode *inode, struct file *file)
{
	struct fabric_grant_file *gfile = file->private_data;
	struct fabric_grant *grant = gfile->grant;
	bool last = false;

	down_write(&grant->map_lock);
	list_del(&gfile->node);
	if (gfile->use != FABRIC_FILE_DATA)
		last = !--grant->nr_binding;
	up_write(&grant->map_lock);
	if (last && grant->req->holder == FABRIC_HOLDER_FILE)
		fabric_grant_abandon(grant, "The file of its holder was closed");
	else if (last)
		fabric_grant_stop_waiting(grant, "Whoever waited for it left");
	fabric_grant_put(grant);
	kfree(gfile);
	return 0;
}

static const struct file_operations grant_fops = {
	.owner = THIS_MODULE,
	.read_iter = grant_read_iter,
	.write_iter = grant_write_iter,
	.mmap = grant_mmap,
	.poll = grant_poll,
	.release = grant_release,
	.show_fdinfo = grant_show_fdinfo,
	.llseek = noop_llseek,
};

/* Takes a reference to the grant. */
struct file *fabric_grant_file_open(struct fabric_grant *grant, enum fabric_file_use use)
{
	struct fabric_grant_file *gfile = kzalloc_obj(*gfile);
	struct file *file;

	if (!gfile)
		return ERR_PTR(-ENOMEM);
	file = anon_inode_create_getfile("[fabric-grant]", &grant_fops, gfile, O_RDWR | O_CLOEXEC,
					 NULL);
	if (IS_ERR(file)) {
		kfree(gfile);
		return file;
	}
	gfile->grant = grant;
	fabric_grant_hold(grant);
	gfile->use = use;
	gfile->seen = atomic_read(&grant->version);
	gfile->mapping = file->f_mapping;
	/* Copies have a position; what is read of a holder's file has none. */
	if (use == FABRIC_FILE_DATA)
		file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	down_write(&grant->map_lock);
	list_add(&gfile->node, &grant->files);
	if (use != FABRIC_FILE_DATA)
		grant->nr_binding++;
	up_write(&grant->map_lock);
	return file;
}

/* Take the memory out of all mappings, for good, and wait for the copies that run. */
void fabric_grant_zap(struct fabric_grant *grant)
{
	struct fabric_grant_file *gfile;

	down_write(&grant->map_lock);
	grant->mappable = false;
	list_for_each_entry(gfile, &grant->files, node)
		unmap_mapping_range(gfile->mapping, 0, 0, 1);
	up_write(&grant->map_lock);
	wake_up_all(&grant->wait);
	wait_event(grant->wait, !atomic_read(&grant->nr_copies));
}

/* The same for a part of its file, which page faults do not find any more. */
void fabric_grant_zap_range(struct fabric_grant *grant, u64 offset, u64 length)
{
	struct fabric_grant_file *gfile;

	down_write(&grant->map_lock);
	list_for_each_entry(gfile, &grant->files, node)
		unmap_mapping_range(gfile->mapping, offset, length, 1);
	up_write(&grant->map_lock);
}

/* From here on, copies wait until fabric_grant_resume_copies(). */
void fabric_grant_stop_copies(struct fabric_grant *grant)
{
	down_write(&grant->map_lock);
	grant->shrinks = true;
	up_write(&grant->map_lock);
	wait_event(grant->wait, !atomic_read(&grant->nr_copies));
}

void fabric_grant_resume_copies(struct fabric_grant *grant)
{
	down_write(&grant->map_lock);
	grant->shrinks = false;
	up_write(&grant->map_lock);
	wake_up_all(&grant->wait);
}
