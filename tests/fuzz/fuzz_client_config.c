/* Fuzzes the client's settings file: each setting and its values. */
#include "client/settings.h"
#include "shared/os/conf.h"
#include "tests/fuzz/fuzz.h"

/* A value read from a file can be written back, unless it contains a quotation
 * mark. */
static int look(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	(void)arg;
	(void)why;
	if (conf_can_hold(e->name, e->value))
		FUZZ_CHECK(strchr(e->value, '\n') == NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings_values values, unused;
	struct errmsg why = {""};
	struct opts m;
	struct buf b;
	int r;

	if (size > CONF_FILE_MAX)
		return 0;
	settings_machine(&m, &values, &unused);
	buf_init(&b, CONF_FILE_MAX);
	FUZZ_CHECK(buf_put(&b, data, size) == 0);
	r = conf_parse("settings", &b, look, NULL, &why);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE);
	fuzz_memory_store(&b);
	r = opts_file(&m, "settings", 0, &why);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE || (r == ERR_AGAIN && size == 0));
	FUZZ_CHECK(r == 0 || r == ERR_AGAIN || why.text[0] != '\0');
	fuzz_memory_store(NULL);
	buf_free(&b);
	settings_free(&values);
	settings_free(&unused);
	return 0;
}
