/* People who are expected back after a reconnect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/session/missing.h"

enum { NAMES_MAX = 4 };

struct one {
	uint8_t identity[WIRE_ED25519];
	char name[WIRE_NAME_MAX + 1];
	bool back;
};

struct missing {
	struct one *who; /* ascending by identity, each once */
	size_t n, n_back;
};

struct missing *missing_new(void)
{
	return calloc(1, sizeof(struct missing));
}

void missing_clear(struct missing *a)
{
	free(a->who);
	a->who = NULL;
	a->n = a->n_back = 0;
}

void missing_free(struct missing *a)
{
	if (a == NULL)
		return;
	missing_clear(a);
	free(a);
}

static int compare(const void *x, const void *y)
{
	return memcmp(((const struct one *)x)->identity,
	    ((const struct one *)y)->identity, WIRE_ED25519);
}

void missing_expect(struct missing *a, const struct person *p, size_t n)
{
	struct one *all = calloc(a->n + n + 1, sizeof(*all));
	size_t i, k = 0, unique = 0;

	for (i = 0; all != NULL && i < a->n; i++)
		if (!a->who[i].back)
			all[k++] = a->who[i];
	for (i = 0; all != NULL && i < n; i++) {
		if (p[i].self)
			continue;
		memcpy(all[k].identity, p[i].identity, WIRE_ED25519);
		memcpy(all[k++].name, p[i].name, sizeof(all[k].name));
	}
	missing_clear(a);
	if (all == NULL)
		return;
	qsort(all, k, sizeof(*all), compare);
	for (i = 0; i < k; i++)
		if (unique == 0 || compare(&all[unique - 1], &all[i]) != 0)
			all[unique++] = all[i];
	a->who = all;
	a->n = unique;
}

static struct one *find(const struct missing *a, const uint8_t *identity)
{
	struct one key;

	memcpy(key.identity, identity, WIRE_ED25519);
	return a->n == 0
		   ? NULL
		   : bsearch(&key, a->who, a->n, sizeof(*a->who), compare);
}

void missing_back(struct missing *a, const uint8_t identity[WIRE_ED25519])
{
	struct one *w = find(a, identity);

	if (w == NULL || w->back)
		return;
	w->back = true;
	a->n_back++;
}

bool missing_at(
    const struct missing *a, size_t *pos, struct missing_person *out)
{
	while (*pos < a->n && a->who[*pos].back)
		(*pos)++;
	if (*pos >= a->n)
		return false;
	out->identity = a->who[*pos].identity;
	out->name = a->who[(*pos)++].name;
	return true;
}

size_t missing_count(const struct missing *a)
{
	return a->n - a->n_back;
}

void missing_names(const struct missing *a, char *out, size_t size)
{
	size_t i, shown = 0, left = missing_count(a), at = 0;
	int w;

	if (size > 0)
		out[0] = '\0';
	for (i = 0; i < a->n && shown < NAMES_MAX && at < size; i++) {
		if (a->who[i].back)
			continue;
		w = snprintf(out + at, size - at, "%s%s",
		    shown == 0		? ""
		    : shown + 1 == left ? " and "
					: ", ",
		    a->who[i].name);
		at += w > 0 ? (size_t)w : 0;
		shown++;
	}
	if (shown < left && at < size)
		snprintf(out + at, size - at, " and %zu more", left - shown);
}
