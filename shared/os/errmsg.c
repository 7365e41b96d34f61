/* errmsg.c - sets and prints error sentences. */
#include "shared/os/errmsg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/wire/text.h"

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
	char line[3 * sizeof(struct errmsg)];
	size_t n;

	if (program != NULL)
		fprintf(stderr, "%s: ", program);
	do {
		n = strcspn(sentence, "\n");
		text_filter_fixed(line, sizeof(line), sentence, n);
		fprintf(stderr, "%s\n", line);
		sentence += n;
		sentence += *sentence == '\n';
	} while (*sentence != '\0');
}
