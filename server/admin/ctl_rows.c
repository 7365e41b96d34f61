/* ctl_rows.c - what conclavectl takes from the rows that the server answers. */
#include "server/admin/ctl_rows.h"

const char *ctl_text(const json_t *row, const char *key)
{
	const char *s;
	size_t n;

	return json_str(row, key, &s, &n) == 0 ? s : "";
}

uint64_t ctl_number(const json_t *row, const char *key)
{
	uint64_t v;

	return json_u63(row, key, &v) == 0 ? v : 0;
}

int ctl_pass_on(void *arg, const json_t *row, const char *text)
{
	(void)row;
	return ctl_print(arg, text);
}

int ctl_fill(struct ctl_filling *f, const struct buf *request, ctl_row_fn *fn,
    bool sorted)
{
	bool json = f->c->o.json;
	int status = ctl_link_ask(f->c, request, false, json ? ctl_pass_on : fn,
	    json ? (void *)f->c : f);

	if (status != EXIT_DONE || json) {
		ctl_table_free(&f->t);
		return status;
	}
	if (sorted)
		ctl_table_sort(&f->t);
	return ctl_table_print(&f->t, f->c);
}
