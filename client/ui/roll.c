/* roll.c - finds the connections of one person. */
#include "client/ui/roll.h"

#include <strings.h>

static int weight(const struct person *p)
{
	return p->self ? 2 : p->trust == TRUST_CHANGED;
}

const struct person *roll_person(
    const struct person *p, size_t n, size_t i, size_t *same)
{
	const struct person *shown = &p[i];
	size_t k;

	*same = 1;
	if (n > ROLL_MAX)
		return shown;
	for (k = 0; k < i; k++)
		if (strcasecmp(p[k].name, p[i].name) == 0)
			return NULL;
	for (k = i + 1; k < n; k++) {
		if (strcasecmp(p[k].name, p[i].name) != 0)
			continue;
		(*same)++;
		if (weight(&p[k]) > weight(shown))
			shown = &p[k];
	}
	return shown;
}
