/* errmsg.c - sets and prints error sentences. */
#include "shared/os/errmsg.h"

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
