/* print.c - prints to standard output, or says that it could not. */
#include "shared/os/print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/output.h"

enum { LINE_BYTES = 8192 };

int print_text(const void *p, size_t n, struct errmsg *why)
{
	if (output_once(STDOUT_FILENO, p, n, -1) == 0)
		return 0;
	return errmsg_set(why, ERR_OUTPUT,
	    "standard output cannot be written: %s", strerror(errno));
}

int print_line(struct errmsg *why, const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		return errmsg_set(
		    why, ERR_OUTPUT, "a line is too long to print");
	return print_text(line, (size_t)n, why);
}
