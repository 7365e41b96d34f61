/* errmsg.c - filling and printing the sentence of an error. */
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
	/* The filter writes at most three bytes for each byte. A buffer on the
	 * stack, because running out of memory is reported through here too. */
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
