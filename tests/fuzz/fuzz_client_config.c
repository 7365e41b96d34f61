/* The client's settings file, each setting of it, and what it can hold. */
#include "client/config.h"
#include "client/settings.h"
#include "shared/os/file.h"
#include "tests/fuzz/fuzz.h"

static int set(void *arg, const char *name, const char *value, struct errmsg *why)
{
	struct reading *r = arg;

	(void)why;
	if (config_can_hold(name, value))
		FUZZ_CHECK(strchr(value, '\n') == NULL);
	return settings_set(r, name, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errmsg why = {""};
	struct client_options o = {.task = TASK_CHAT};
	struct reading r = {.o = &o, .why = &why};
	struct buf b;
	int e;

	buf_init_secret(&o.password, WIRE_PASSWORD_MAX);
	buf_init(&o.config_text, FILE_MAX);
	buf_init(&b, FILE_MAX);
	FUZZ_CHECK(buf_put(&b, data, size) == 0);
	fuzz_memory_store(&b);
	settings_begin(&r, FROM_FILE);
	e = config_read("settings", set, &r, &why);
	FUZZ_CHECK(e == 0 || e == ERR_USAGE);
	FUZZ_CHECK(e == 0 || why.text[0] != '\0');
	fuzz_memory_store(NULL);
	settings_end(&r);
	client_options_free(&o);
	buf_free(&b);
	return 0;
}
