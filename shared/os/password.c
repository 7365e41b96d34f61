/* password.c - the room's password, from an argument or a file. */
#include "shared/os/password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/file.h"
#include "shared/wire/text.h"
#include "shared/wire/wire.h"

enum { BEFORE_NFC_MAX = 4 * WIRE_PASSWORD_MAX }; /* NFC can shorten it */

const char password_expects[] =
    "give 1 to 1024 bytes of UTF-8 without control characters";
_Static_assert(WIRE_PASSWORD_MAX == 1024, "see password_expects");

int password_take(struct buf *out, const char *pw, size_t n)
{
	static const char mark[] = "\xef\xbb\xbf"; /* byte order mark */
	const size_t mark_len = sizeof(mark) - 1;

	if (n > 0 && pw[n - 1] == '\n')
		n--;
	if (n > 0 && pw[n - 1] == '\r')
		n--;
	if (n >= mark_len && memcmp(pw, mark, mark_len) == 0) {
		pw += mark_len;
		n -= mark_len;
	}
	buf_clear(out);
	return text_password(out, pw, n);
}

void password_warn(const char *path, const char *program)
{
	struct errmsg w;

	if (!file_others_read(path))
		return;
	errmsg_set(&w, 0,
	    "warning: everybody on this machine can read the password in %s: "
	    "chmod 600 %s",
	    path, path);
	errmsg_print(program, w.text);
}

/* Reads to the end of the file, or of the first line if that is enough, because
 * the other end of a pipe may stay open. ERR_LIMIT: it is too long. */
static int read_lines(int fd, struct buf *out, enum password_lines lines)
{
	ssize_t n;
	int r;

	if ((r = buf_reserve(out, out->max)) != 0)
		return r;
	while (out->len < out->max) {
		n = read(fd, out->p + out->len, out->max - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (lines == PASSWORD_FIRST_LINE &&
		    memchr(out->p, '\n', out->len) != NULL)
			return 0;
	}
	return ERR_LIMIT;
}

static size_t line_length(const struct buf *text, enum password_lines lines)
{
	size_t n = text->len;
	const uint8_t *nl = n > 0 ? memchr(text->p, '\n', n) : NULL;

	/* password_take removes the newline at the end. */
	if (nl != NULL && lines == PASSWORD_FIRST_LINE)
		n = (size_t)(nl - text->p) + 1;
	return n;
}

int password_file(struct buf *out, const char *path, enum password_lines lines,
    const char *program, struct errmsg *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = ERR_IO;
	struct buf text;

	buf_init_secret(&text, BEFORE_NFC_MAX);
	if (fd >= 0)
		r = read_lines(fd, &text, lines);
	if (r != 0) {
		errmsg_set(why, r, "cannot read the password in %s: %s", path,
		    r == ERR_IO	     ? strerror(errno)
		    : r == ERR_LIMIT ? "it is too long"
				     : err_str(r));
		goto out;
	}
	r = password_take(out, (const char *)text.p, line_length(&text, lines));
	if (r == ERR_USAGE)
		errmsg_set(why, r,
		    "%s has to hold the password on one line: %s", path,
		    password_expects);
	else if (r != 0)
		errmsg_set(why, r, "%s: %s", path, err_str(r));
	else
		password_warn(path, program);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return r;
}
