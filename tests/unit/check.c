/* Common code of the unit tests: files, hex, and groups of tests from
 * tables. */
#include "tests/unit/check.h"

json_t *check_vectors(const char *name)
{
	char path[512];
	json_error_t e;
	json_t *j;

	snprintf(path, sizeof(path), "tests/vectors/%s", name);
	j = json_load_file(path, 0, &e);
	if (j == NULL) {
		fprintf(
		    stderr, "%s: %s (run from the top folder)\n", path, e.text);
		exit(1);
	}
	return j;
}

uint8_t *check_hex(const char *hex, size_t *n)
{
	size_t len = strlen(hex) / 2, i;
	uint8_t *p = malloc(len + 1);
	unsigned v;

	if (p == NULL || strlen(hex) % 2 != 0)
		abort();
	for (i = 0; i < len; i++) {
		if (sscanf(hex + 2 * i, "%2x", &v) != 1)
			abort();
		p[i] = (uint8_t)v;
	}
	*n = len;
	return p;
}

uint8_t *check_hex_at(const json_t *o, const char *key, size_t *n)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s == NULL) {
		fprintf(stderr, "no \"%s\" in the vector\n", key);
		exit(1);
	}
	return check_hex(s, n);
}

void check_add(struct check_group *g, void (*fn)(void **), void *state,
    const char *fmt, ...)
{
	char name[256];
	va_list ap;

	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 64;
		g->tests = realloc(g->tests, g->cap * sizeof(*g->tests));
		if (g->tests == NULL)
			abort();
	}
	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	memset(&g->tests[g->n], 0, sizeof(*g->tests));
	g->tests[g->n].name = strdup(name);
	g->tests[g->n].test_func = fn;
	g->tests[g->n].initial_state = state;
	g->n++;
}

int check_run(const char *name, struct check_group *g)
{
	int r = _cmocka_run_group_tests(name, g->tests, g->n, NULL, NULL);
	size_t i;

	for (i = 0; i < g->n; i++)
		free((char *)(uintptr_t)g->tests[i].name);
	free(g->tests);
	memset(g, 0, sizeof(*g));
	return r;
}

uint64_t check_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

const char *check_err_name(int err)
{
	switch (err) {
#define X(name, code, text)                                                    \
	case code:                                                             \
		return "ERR_" #name;
		ERR_LIST(X)
#undef X
	}
	return "ERR_?";
}
