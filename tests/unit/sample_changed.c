/* A sample with one of its fields changed; see sample_changed.h. */
#include "tests/unit/check.h"
#include "tests/unit/sample_changed.h"

#include "shared/wire/b64.h"

static json_t *base_object(enum sample_no id)
{
	struct buf b;
	json_t *o;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(samples[id].make(&b), 0);
	assert_int_equal(json_parse(&o, b.p, b.len), 0);
	buf_free(&b);
	return o;
}

int sample_changed(enum sample_no id, const char *path, json_t *value)
{
	json_t *top = base_object(id), *o = top;
	json_free_t put;
	char part[64];
	char *text;
	size_t n;
	int r;

	for (;;) {
		n = strcspn(path, ".");
		assert_true(n < sizeof(part));
		memcpy(part, path, n);
		part[n] = '\0';
		if (path[n] == '\0')
			break;
		o = json_is_array(o) ? json_array_get(o, (size_t)atoi(part))
				     : json_object_get(o, part);
		assert_non_null(o);
		path += n + 1;
	}
	if (json_is_array(o))
		r = value != NULL
			? json_array_set_new(o, (size_t)atoi(part), value)
			: json_array_remove(o, (size_t)atoi(part));
	else
		r = value != NULL ? json_object_set_new(o, part, value)
				  : json_object_del(o, part);
	assert_int_equal(r, 0);
	text = json_dumps(top, JSON_COMPACT);
	assert_non_null(text);
	r = sample_verdict(samples[id].by, text, strlen(text));
	json_decref(top);
	json_get_alloc_funcs(NULL, &put);
	put(text); /* frees with jansson's allocator (json_setup) */
	return r;
}

json_t *sample_value(const char *json)
{
	json_t *v = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

char *sample_base64(size_t n)
{
	uint8_t *bytes = calloc(1, n + 1);
	char *text = malloc(B64_LEN(n) + 1);

	assert_non_null(bytes);
	assert_non_null(text);
	b64_encode(text, bytes, n);
	free(bytes);
	return text;
}
