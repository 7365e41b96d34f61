#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/text.h"
#include "client/why.h"

int why_set(struct why *w, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	return err;
}

void why_say(const char *sentence)
{
	/* The filter makes at most three bytes of one. No allocation: that there
	 * is no memory can be said without any. */
	char line[3 * sizeof(struct why)];
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
