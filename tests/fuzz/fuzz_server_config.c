/* Fuzzes the server's configuration file, and passes each value to the option
 * that it names. */
#include "server/option_table.h"
#include "shared/os/conf.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	size_t size;
	unsigned line;
};

static int look(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	struct seen *s = arg;

	(void)why;
	FUZZ_CHECK(e->line > s->line);
	FUZZ_CHECK(e->name[0] != '\0');
	FUZZ_CHECK(strlen(e->name) + strlen(e->value) < s->size);
	s->line = e->line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server_options_values values, unused;
	struct errmsg why = {""};
	struct opts m;
	struct seen seen = {.size = size};
	struct buf b;
	int r;

	if (size > CONF_FILE_MAX)
		return 0;
	server_options_machine(&m, &values, &unused);
	buf_init(&b, CONF_FILE_MAX);
	FUZZ_CHECK(buf_put(&b, data, size) == 0);
	r = conf_parse("conf", &b, look, &seen, &why);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE);
	FUZZ_CHECK((r == 0) == (why.text[0] == '\0'));
	fuzz_memory_store(&b);
	r = opts_file(&m, "conf", 0, &why);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE || (r == ERR_AGAIN && size == 0));
	FUZZ_CHECK(r == 0 || r == ERR_AGAIN || why.text[0] != '\0');
	fuzz_memory_store(NULL);
	buf_free(&b);
	server_options_values_free(&values);
	server_options_values_free(&unused);
	return 0;
}
