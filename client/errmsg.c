#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/wire/text.h"
#include "client/errmsg.h"

int errmsg_set(struct errmsg *w, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	return err;
}

void errmsg_print(const char *sentence)
{
	/* The filter makes at most three bytes of one. No allocation: that there
	 * is no memory can be said without any. */
	char line[3 * sizeof(struct errmsg)];
	const char *head = "conclave: ";
	size_t n;

	do {
		n = strcspn(sentence, "\n");
		text_filter_fixed(line, sizeof(line), sentence, n);
		fprintf(stderr, "%s%s\n", head, line);
		head = "";
		sentence += n;
		sentence += *sentence == '\n';
	} while (*sentence != '\0');
}
