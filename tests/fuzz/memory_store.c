/* memory_store.c - the client's files in memory: the linker (--wrap) replaces
 * the calls of shared/os/file.h, which then use one text in memory. */
#include "shared/os/file.h"
#include "tests/fuzz/fuzz.h"

int __real_file_read(
    const char *path, unsigned rules, struct buf *out, struct errmsg *why);
int __real_file_append(
    const char *path, file_edit *edit, void *arg, struct errmsg *why);
int __real_file_rewrite(
    const char *path, file_edit *edit, void *arg, struct errmsg *why);
int __real_file_write(
    const char *path, const void *p, size_t n, enum file_mode mode,
    struct errmsg *why);
int __wrap_file_read(
    const char *path, unsigned rules, struct buf *out, struct errmsg *why);
int __wrap_file_append(
    const char *path, file_edit *edit, void *arg, struct errmsg *why);
int __wrap_file_rewrite(
    const char *path, file_edit *edit, void *arg, struct errmsg *why);
int __wrap_file_write(
    const char *path, const void *p, size_t n, enum file_mode mode,
    struct errmsg *why);

static struct buf *file;

void fuzz_memory_store(struct buf *text)
{
	file = text;
}

int __wrap_file_read(
    const char *path, unsigned rules, struct buf *out, struct errmsg *why)
{
	if (file == NULL)
		return __real_file_read(path, rules, out, why);
	return file->len > 0 ? buf_put(out, file->p, file->len) : ERR_AGAIN;
}

int __wrap_file_append(
    const char *path, file_edit *edit, void *arg, struct errmsg *why)
{
	struct buf add;
	int r = 0;

	if (file == NULL)
		return __real_file_append(path, edit, arg, why);
	buf_init(&add, FILE_MAX);
	if (file->len > 0 && file->p[file->len - 1] != '\n')
		r = buf_u8(&add, '\n');
	if (r == 0)
		r = edit(arg, (const char *)file->p, file->len, &add);
	if (r == 0)
		r = buf_put(file, add.p, add.len);
	buf_free(&add);
	return r;
}

int __wrap_file_rewrite(
    const char *path, file_edit *edit, void *arg, struct errmsg *why)
{
	struct buf out;
	int r;

	if (file == NULL)
		return __real_file_rewrite(path, edit, arg, why);
	buf_init(&out, FILE_MAX);
	r = edit(arg, (const char *)file->p, file->len, &out);
	if (r == 0) {
		buf_clear(file);
		r = buf_put(file, out.p, out.len);
	}
	buf_free(&out);
	return r;
}

int __wrap_file_write(
    const char *path, const void *p, size_t n, enum file_mode mode,
    struct errmsg *why)
{
	if (file == NULL)
		return __real_file_write(path, p, n, mode, why);
	if (mode != FILE_REPLACE && file->len > 0)
		return ERR_STATE;
	buf_clear(file);
	return buf_put(file, p, n);
}
