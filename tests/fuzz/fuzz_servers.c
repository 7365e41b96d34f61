/* Fuzzes the file known_servers: any text is a valid file, and pinning, finding
 * and forgetting a server in it give the expected result. */
#include "client/trust/servers.h"
#include "tests/fuzz/fuzz.h"

static size_t complaints;

static void complain(void *arg, const char *sentence)
{
	(void)arg;
	FUZZ_CHECK(strlen(sentence) > 0);
	complaints++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct complain say = {complain, NULL};
	uint8_t fp[WIRE_HASH], pin[WIRE_HASH] = {1, 2, 3}, again[WIRE_HASH];
	struct fuzz f = fuzz_of(data, size);
	char name[SERVERS_NAME_MAX];
	struct uri u;
	struct errmsg why;
	struct buf b;
	size_t n;
	const uint8_t *p = fuzz_piece(&f, &n);
	char *s = fuzz_text(p, n);
	bool known;
	int r;

	if (uri_parse(&u, s) != 0 && uri_parse(&u, "example.org:2528") != 0)
		abort();
	free(s);
	servers_name(name, &u);
	buf_init(&b, FILE_MAX + 4096);
	FUZZ_CHECK(buf_put(&b, f.p, f.left) == 0);
	fuzz_memory_store(&b);
	FUZZ_CHECK(servers_find("f", name, &known, fp, &say, &why) == 0);
	r = servers_add("f", name, pin, "a comment", &why);
	FUZZ_CHECK(known ? r == 0 || r == ERR_PIN : r == 0);
	if (r == 0) {
		FUZZ_CHECK(
		    servers_find("f", name, &known, again, NULL, &why) == 0);
		FUZZ_CHECK(known && memcmp(again, pin, WIRE_HASH) == 0);
	}
	FUZZ_CHECK(servers_forget("f", name, &n, &why) == 0 && n > 0);
	FUZZ_CHECK(servers_find("f", name, &known, fp, NULL, &why) == 0);
	FUZZ_CHECK(!known);
	fuzz_memory_store(NULL);
	buf_free(&b);
	return 0;
}
