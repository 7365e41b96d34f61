/* The server's configuration file, and each value of it as the option that it
 * names. */
#include "server/config.h"
#include "server/option_table.h"
#include "tests/fuzz/fuzz.h"

static void set(struct option_values *v, const struct config_entry *e)
{
	int i, r;

	for (i = 0; i < OPT_COUNT; i++) {
		if (strcmp(option_table[i].name, e->key) != 0 ||
		    option_table[i].set == NULL)
			continue;
		r = option_table[i].set(v, &option_table[i], e->value);
		FUZZ_CHECK(r == 0 || r == ERR_USAGE || r == ERR_LIMIT);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct option_values v;
	struct config c = {.line = 0};
	struct config_entry e;
	unsigned line = 0;
	int r;

	/* As config_open leaves it. */
	buf_init_secret(&c.text, size + 1);
	FUZZ_CHECK(buf_put(&c.text, data, size) == 0);
	if (size == 0 || data[size - 1] != '\n')
		FUZZ_CHECK(buf_u8(&c.text, '\n') == 0);
	option_values_defaults(&v);
	while ((r = config_next(&c, &e)) == 0) {
		FUZZ_CHECK(c.line > line);
		line = c.line;
		FUZZ_CHECK(strlen(e.key) + strlen(e.value) <= size);
		set(&v, &e);
	}
	FUZZ_CHECK(r == ERR_AGAIN || r == ERR_USAGE);
	FUZZ_CHECK(r == ERR_AGAIN || c.problem != NULL);
	option_values_free(&v);
	config_close(&c);
	return 0;
}
