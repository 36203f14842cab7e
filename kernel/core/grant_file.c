// SPDX-License-Identifier: GPL-2.0
/*
 * Files of grants. A grant bound to its file ends with the last reference to
 * that file, mappings included; other files of a grant only lead to its memory.
 *
 * Every file has an inode, hence a mapping, of its own, so that the pages of a
 * grant can be unmapped from all processes without touching another's.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "fabric_internal.h"

/**
 * struct fabric_grant_file - an open file of a grant
 * @grant: referenced
 * @node: in grant->files
 * @mapping: of the file
 * @binds: the grant ends with the file
 */
struct fabric_grant_file {
	struct fabric_grant *grant;
	struct list_head node;
	struct address_space *mapping;
	bool binds;
};

static struct fabric_slice *find_slice(struct fabric_grant *grant, pgoff_t *index)
{
	unsigned int i;

	for (i = 0; i < grant->nr_slices; i++) {
		struct fabric_slice *slice = &grant->slices[i].pub;
		pgoff_t pages = slice->length >> PAGE_SHIFT;

		if (*index < pages)
			return slice;
		*index -= pages;
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
	const struct fabric_backend_ops *ops;
	struct fabric_grant_slice *slice;
	struct fabric_slice *pub;
	pgoff_t index = vmf->pgoff;
	struct page *page;
	int ret = -EFAULT;

	down_read(&grant->map_lock);
	pub = grant->mappable ? find_slice(grant, &index) : NULL;
	if (pub) {
		slice = container_of(pub, struct fabric_grant_slice, pub);
		ops = slice->resource->domain->ops;
		ret = ops->slice_page(pub, index, &page);
	}
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
	u64 pages = grant->size >> PAGE_SHIFT;

	if (grant->mode != FABRIC_MODE_MAP)
		return -ENODEV;
	/* A private copy would outlive the grant. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_pgoff > pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &grant_vm_ops;
	return 0;
}

static __poll_t grant_poll(struct file *file, poll_table *wait)
{
	struct fabric_grant_file *gfile = file->private_data;
	struct fabric_grant *grant = gfile->grant;

	poll_wait(file, &grant->wait, wait);
	return READ_ONCE(grant->state) == FABRIC_GRANT_STATE_ACTIVE ? 0 : EPOLLHUP;
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

	down_write(&grant->map_lock);
	list_del(&gfile->node);
	up_write(&grant->map_lock);
	if (gfile->binds)
		fabric_grant_revoke_async(grant, "The file of its holder was closed");
	fabric_grant_put(grant);
	kfree(gfile);
	return 0;
}

static const struct file_operations grant_fops = {
	.owner = THIS_MODULE,
	.mmap = grant_mmap,
	.poll = grant_poll,
	.release = grant_release,
	.show_fdinfo = grant_show_fdinfo,
	.llseek = noop_llseek,
};

/* Takes a reference to the grant. */
struct file *fabric_grant_file_open(struct fabric_grant *grant, bool binds)
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
	gfile->binds = binds;
	gfile->mapping = file->f_mapping;
	down_write(&grant->map_lock);
	list_add(&gfile->node, &grant->files);
	up_write(&grant->map_lock);
	return file;
}

/* Take the memory out of all mappings, for good, and tell who polls. */
void fabric_grant_zap(struct fabric_grant *grant)
{
	struct fabric_grant_file *gfile;

	down_write(&grant->map_lock);
	grant->mappable = false;
	list_for_each_entry(gfile, &grant->files, node)
		unmap_mapping_range(gfile->mapping, 0, 0, 1);
	up_write(&grant->map_lock);
	wake_up_all(&grant->wait);
}
