/* The seam under the client's files: client/store.h's calls, put in the place
 * of the real ones by the linker (--wrap), act on one text in memory. */
#include "client/store.h"
#include "tests/fuzz/fuzz.h"

int __real_store_read(
    const char *path, bool private, struct buf *out, struct errmsg *why);
int __real_store_append(
    const char *path, store_edit *edit, void *arg, struct errmsg *why);
int __real_store_rewrite(
    const char *path, store_edit *edit, void *arg, struct errmsg *why);
int __real_store_write(
    const char *path, const void *p, size_t n, bool replace, struct errmsg *why);
int __wrap_store_read(
    const char *path, bool private, struct buf *out, struct errmsg *why);
int __wrap_store_append(
    const char *path, store_edit *edit, void *arg, struct errmsg *why);
int __wrap_store_rewrite(
    const char *path, store_edit *edit, void *arg, struct errmsg *why);
int __wrap_store_write(
    const char *path, const void *p, size_t n, bool replace, struct errmsg *why);

static struct buf *file;

void fuzz_memory_store(struct buf *text)
{
	file = text;
}

int __wrap_store_read(
    const char *path, bool private, struct buf *out, struct errmsg *why)
{
	if (file == NULL)
		return __real_store_read(path, private, out, why);
	return file->len > 0 ? buf_put(out, file->p, file->len) : ERR_AGAIN;
}

int __wrap_store_append(
    const char *path, store_edit *edit, void *arg, struct errmsg *why)
{
	struct buf add;
	int r = 0;

	if (file == NULL)
		return __real_store_append(path, edit, arg, why);
	buf_init(&add, STORE_MAX);
	if (file->len > 0 && file->p[file->len - 1] != '\n')
		r = buf_u8(&add, '\n');
	if (r == 0)
		r = edit(arg, (const char *)file->p, file->len, &add);
	if (r == 0)
		r = buf_put(file, add.p, add.len);
	buf_free(&add);
	return r;
}

int __wrap_store_rewrite(
    const char *path, store_edit *edit, void *arg, struct errmsg *why)
{
	struct buf out;
	int r;

	if (file == NULL)
		return __real_store_rewrite(path, edit, arg, why);
	buf_init(&out, STORE_MAX);
	r = edit(arg, (const char *)file->p, file->len, &out);
	if (r == 0) {
		buf_clear(file);
		r = buf_put(file, out.p, out.len);
	}
	buf_free(&out);
	return r;
}

int __wrap_store_write(
    const char *path, const void *p, size_t n, bool replace, struct errmsg *why)
{
	if (file == NULL)
		return __real_store_write(path, p, n, replace, why);
	if (!replace && file->len > 0)
		return ERR_STATE;
	buf_clear(file);
	return buf_put(file, p, n);
}
