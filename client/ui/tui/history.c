/* history.c - a list of earlier input lines, and the current draft. */
#include "client/ui/tui/history.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

void history_init(struct history *h)
{
	*h = (struct history){0};
}

static void drop(char *p, size_t n)
{
	if (p == NULL)
		return;
	secret_wipe(p, n);
	free(p);
}

void history_free(struct history *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		drop(h->entries[i], h->lens[i]);
	drop(h->draft, h->draft_len);
	*h = (struct history){0};
}

static char *copy(const void *s, size_t n)
{
	char *p = malloc(n + 1);

	if (p != NULL) {
		if (n > 0)
			memcpy(p, s, n);
		p[n] = '\0';
	}
	return p;
}

static void drop_oldest(struct history *h)
{
	drop(h->entries[0], h->lens[0]);
	h->bytes -= h->lens[0];
	h->n--;
	memmove(h->entries, h->entries + 1, h->n * sizeof(h->entries[0]));
	memmove(h->lens, h->lens + 1, h->n * sizeof(h->lens[0]));
}

void history_add(struct history *h, const char *s, size_t n)
{
	char *p;

	drop(h->draft, h->draft_len);
	h->draft = NULL;
	h->draft_len = 0;
	h->at = h->n;
	if (n == 0 || n > HISTORY_BYTES_MAX)
		return;
	if (h->n > 0 && h->lens[h->n - 1] == n &&
	    memcmp(h->entries[h->n - 1], s, n) == 0)
		return;
	p = copy(s, n);
	if (p == NULL)
		return;
	while (h->n == HISTORY_MAX ||
	       (h->n > 0 && n > HISTORY_BYTES_MAX - h->bytes))
		drop_oldest(h);
	h->entries[h->n] = p;
	h->lens[h->n] = n;
	h->bytes += n;
	h->n++;
	h->at = h->n;
}

bool history_older(struct history *h, struct editor *e)
{
	if (h->at == 0)
		return false;
	if (h->at == h->n) {
		drop(h->draft, h->draft_len);
		h->draft = copy(e->text.p, e->text.len);
		h->draft_len = h->draft != NULL ? e->text.len : 0;
	}
	h->at--;
	editor_set(e, h->entries[h->at], h->lens[h->at]);
	return true;
}

bool history_newer(struct history *h, struct editor *e)
{
	if (h->at == h->n)
		return false;
	h->at++;
	if (h->at < h->n)
		editor_set(e, h->entries[h->at], h->lens[h->at]);
	else
		editor_set(e, h->draft != NULL ? h->draft : "", h->draft_len);
	return true;
}
