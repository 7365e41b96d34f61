/* json_said.c - which "ref" belongs to what was said. A line that says something
 * is answered when the server has it, or when it is dropped; only its id is
 * known then. The session tells the ids of what was said in its order. */
#include <stdlib.h>
#include <string.h>

#include "client/ui/json_ui.h"
#include "shared/os/vec.h"

void ui_json_said_free(struct ui *f)
{
	free(f->said.all);
}

void ui_json_said(struct ui *f)
{
	struct json_said *s;

	f->said.asked++;
	/* Without memory it has no ref. */
	if (f->ref[0] == '\0' || vec_reserve(&f->said.all, &f->said.cap,
				     f->said.n + 1, sizeof(*s)) != 0)
		return;
	s = &f->said.all[f->said.n++];
	*s = (struct json_said){.number = f->said.asked};
	memcpy(s->ref, f->ref, sizeof(s->ref));
}

void ui_json_said_shown(struct ui *f, const struct event *e)
{
	size_t i;

	f->said.shown++;
	for (i = f->said.n; i > 0; i--)
		if (f->said.all[i - 1].number == f->said.shown) {
			memcpy(f->said.all[i - 1].id, e->id, WIRE_ID);
			f->said.all[i - 1].shown = true;
		}
}

void ui_json_said_ref(struct ui *f, struct json_w *w, const struct event *e)
{
	struct json_said *s;
	size_t i;

	for (i = 0; i < f->said.n; i++) {
		s = &f->said.all[i];
		if (!s->shown || memcmp(s->id, e->id, WIRE_ID) != 0)
			continue;
		ui_json_put_ref(w, s->ref);
		memmove(s, s + 1, (--f->said.n - i) * sizeof(*s));
		return;
	}
}
