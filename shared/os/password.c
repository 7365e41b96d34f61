/* password.c - the room's password, from an argument or a file. */
#include "shared/os/password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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
	size_t bom;

	if (n > 0 && pw[n - 1] == '\n')
		n--;
	if (n > 0 && pw[n - 1] == '\r')
		n--;
	bom = text_bom(pw, n);
	buf_clear(out);
	return text_password(out, pw + bom, n - bom);
}

const char *password_wrong(const char *pw, size_t n)
{
	size_t bom = text_bom(pw, n), i;

	pw += bom;
	n -= bom;
	if (n == 0 || (n == 1 && *pw == '\n') ||
	    (n == 2 && memcmp(pw, "\r\n", 2) == 0))
		return "it is empty";
	if (text_utf16(pw, n))
		return "it is UTF-16 text; save it as UTF-8";
	if (memchr(pw, '\n', n - 1) != NULL)
		return "it has more than one line";
	if (pw[n - 1] == '\r')
		return "it ends in a carriage return; leave that out";
	if (memchr(pw, '\0', n) != NULL)
		return "it has a zero byte in it";
	if (!text_utf8(pw, n))
		return "it is not UTF-8, but in some other encoding";
	for (i = 0; i < n; i++)
		if (pw[i] == '\t')
			return "it has a tab in it";
	if (n > WIRE_PASSWORD_MAX)
		return "it is longer than 1024 bytes";
	return "it has a control character in it";
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

/* Reads a regular file to its end. Of a pipe or a terminal, whose other end may
 * stay open and whose further lines may be for somebody else, it reads the
 * first line alone if that is enough. ERR_LIMIT: it is too long. */
static int read_lines(int fd, struct buf *out, enum password_lines lines)
{
	struct stat st;
	bool one_line = lines == PASSWORD_FIRST_LINE && fstat(fd, &st) == 0 &&
			!S_ISREG(st.st_mode);
	ssize_t n;
	int r;

	if ((r = buf_reserve(out, out->max)) != 0)
		return r;
	while (out->len < out->max) {
		n = read(
		    fd, out->p + out->len, one_line ? 1 : out->max - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (one_line && out->p[out->len - 1] == '\n')
			return 0;
	}
	return lines == PASSWORD_FIRST_LINE &&
		       memchr(out->p, '\n', out->len) != NULL
		   ? 0
		   : ERR_LIMIT;
}

/* The password in the text of a file. *unused: something follows its line, and
 * has no effect. */
static size_t password_length(
    const struct buf *text, enum password_lines lines, bool *unused)
{
	size_t n = text->len;
	const uint8_t *nl = n > 0 ? memchr(text->p, '\n', n) : NULL, *p;

	*unused = false;
	if (nl != NULL &&
	    (lines == PASSWORD_FIRST_LINE || nl == text->p + n - 1)) {
		for (p = nl; p < text->p + n; p++)
			*unused |= strchr(" \t\r\n", *p) == NULL || *p == 0;
		n = (size_t)(nl - text->p);
	}
	if (n > 0 && text->p[n - 1] == '\r')
		n--;
	return n;
}

/* Says what of the file has an effect that its author may not expect. */
static void warn(const char *path, const char *program, bool unused,
    const struct buf *text, size_t n)
{
	struct errmsg w;

	if (unused) {
		errmsg_set(&w, 0,
		    "warning: %s line 2: only the first line is the password; "
		    "the rest of the file has no effect",
		    path);
		errmsg_print(program, w.text);
	}
	if (n > 0 && text->p[n - 1] == ' ') {
		errmsg_set(&w, 0,
		    "warning: the password in %s ends in a blank, which is "
		    "part of it",
		    path);
		errmsg_print(program, w.text);
	}
	password_warn(path, program);
}

int password_file(struct buf *out, const char *path, enum password_lines lines,
    const char *program, struct errmsg *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = ERR_IO;
	struct buf text;
	bool unused;
	size_t n;

	buf_init_secret(&text, BEFORE_NFC_MAX);
	if (fd >= 0)
		r = read_lines(fd, &text, lines);
	if (r == ERR_IO)
		errmsg_errno(
		    why, r, errno, "cannot read the password in %s", path);
	else if (r != 0)
		errmsg_set(why, r, "cannot read the password in %s: %s", path,
		    r == ERR_LIMIT ? "it is too long" : err_str(r));
	if (r != 0)
		goto out;
	n = password_length(&text, lines, &unused);
	r = password_take(out, (const char *)text.p, n);
	if (r == ERR_USAGE)
		errmsg_set(why, r,
		    "%s has to hold the password on one line, but %s: %s", path,
		    password_wrong((const char *)text.p,
			text_utf16(text.p, text.len) ? text.len : n),
		    password_expects);
	else if (r != 0)
		errmsg_set(why, r, "%s: %s", path, err_str(r));
	else
		warn(path, program, unused, &text, n);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return r;
}

int password_resolve(struct buf *out, const struct opts *m, const char *path,
    enum password_lines lines, struct errmsg *why)
{
	bool file_wins;
	int r;

	if ((r = opts_choose(
		 m, "password-file", "password", &file_wins, why)) != 0 ||
	    !file_wins)
		return r;
	return password_file(out, path, lines, m->program, why);
}
