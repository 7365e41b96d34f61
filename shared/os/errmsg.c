/* errmsg.c - sets and prints error sentences. */
#include "shared/os/errmsg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/output.h"
#include "shared/wire/text.h"

enum { WAIT_MS = 1000 }; /* for a reader of standard error */

int errmsg_set(struct errmsg *w, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	return err;
}

/* What usually helps against an error of the system; "" when that depends. */
static const char *advice(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "; check who may use it and the folders above it";
	case EROFS:
		return "; that file system is mounted for reading only";
	case ENOSPC:
	case EDQUOT:
		return "; make room on that file system";
	case EMFILE:
		return "; raise the limit on open files (ulimit -n)";
	case ENFILE:
		return "; this machine has too many files open";
	case EFBIG:
		return "; raise the limit on the size of files (ulimit -f)";
	case ENOMEM:
		return "; close other programs, or raise the limit (ulimit -v)";
	case EAGAIN:
		return "; raise the limit on processes (ulimit -u)";
	default:
		return "";
	}
}

int errmsg_errno(struct errmsg *w, int err, int error, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	n = strlen(w->text);
	snprintf(w->text + n, sizeof(w->text) - n, ": %s%s", strerror(error),
	    advice(error));
	return err;
}

void errmsg_print(const char *program, const char *sentence)
{
	/* The text filter writes at most three bytes per byte. The buffer is on
	 * the stack because out-of-memory errors are printed here too. */
	char line[64 + 3 * sizeof(struct errmsg)];
	size_t n, head = 0;
	int r = 0;

	if (program != NULL)
		head = (size_t)snprintf(line, 64, "%.60s: ", program);
	do {
		n = strcspn(sentence, "\n");
		text_filter_fixed(
		    line + head, sizeof(line) - head - 1, sentence, n);
		head = strlen(line);
		line[head] = '\n';
		r = output_once(STDERR_FILENO, line, head + 1, WAIT_MS);
		head = 0;
		sentence += n;
		sentence += *sentence == '\n';
	} while (r == 0 && *sentence != '\0');
}
