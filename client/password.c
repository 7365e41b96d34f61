#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/crypto/secret.h"
#include "shared/wire/text.h"
#include "shared/wire/wire.h"
#include "client/password.h"

int password_take(struct buf *out, const char *pw, size_t n, struct errmsg *why)
{
	buf_clear(out);
	if (text_password(out, pw, n) != 0)
		return errmsg_set(why, ERR_USAGE,
		    "a password is 1 to %d bytes of UTF-8 without control "
		    "characters",
		    WIRE_PASSWORD_MAX);
	return 0;
}

/* It works, but is no secret: as the server says of its own. */
static void warn_if_shared(int fd, const char *path)
{
	struct errmsg w;
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & S_IROTH) == 0)
		return;
	errmsg_set(&w, 0,
	    "warning: everybody on this machine can read the password in %s: "
	    "chmod 600 %s",
	    path, path);
	errmsg_print("conclave", w.text);
}

int password_file(struct buf *out, const char *path, struct errmsg *why)
{
	char *pw = secret_alloc(WIRE_PASSWORD_MAX + 8);
	size_t len = 0, max = WIRE_PASSWORD_MAX + 8;
	int fd = -1, e = 0;
	char *end = NULL;
	ssize_t n = 1;

	if (pw == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd >= 0 && n != 0 && len < max && end == NULL) {
		n = read(fd, pw + len, max - len);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			len += (size_t)n;
		end = memchr(pw, '\n', len);
	}
	if (fd < 0 || n < 0) {
		e = errmsg_set(why, ERR_IO, "cannot read the password from %s: %s",
		    path, strerror(errno));
		goto out;
	}
	if (end != NULL)
		len = (size_t)(end - pw);
	if (len > 0 && pw[len - 1] == '\r')
		len--;
	if ((e = password_take(out, pw, len, why)) == 0)
		warn_if_shared(fd, path);
out:
	if (fd >= 0)
		close(fd);
	secret_free(pw, max);
	return e;
}
