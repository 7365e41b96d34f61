/* Memory for entries of a log. They hold keys, and what people said. */
#include "client/session/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

struct recorded *recorded_new(size_t n)
{
	struct recorded *e = calloc(1, sizeof(*e) + n);

	if (e != NULL)
		e->n = n;
	return e;
}

struct recorded *recorded_copy(const struct recorded *e)
{
	struct recorded *copy = recorded_new(e->n);

	if (copy != NULL)
		memcpy(copy, e, sizeof(*e) + e->n);
	return copy;
}

void recorded_free(struct recorded *e)
{
	if (e == NULL)
		return;
	secret_wipe(e, sizeof(*e) + e->n);
	free(e);
}
