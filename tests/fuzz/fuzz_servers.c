/* Fuzzes the file known_servers: any text is understood or refused, and pinning,
 * finding and forgetting a server in it give the expected result. */
#include "client/trust/servers.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t fp[WIRE_HASH], pin[WIRE_HASH] = {1, 2, 3}, again[WIRE_HASH];
	struct fuzz f = fuzz_of(data, size);
	char name[SERVERS_NAME_MAX];
	struct uri u;
	struct errmsg why;
	struct buf b;
	size_t n;
	const uint8_t *p = fuzz_piece(&f, &n);
	char *s = fuzz_text(p, n);
	bool known, understood;
	int r;

	if (uri_parse(&u, s) != 0 && uri_parse(&u, "example.org:2528") != 0)
		abort();
	free(s);
	servers_name(name, &u);
	buf_init(&b, FILE_MAX + 4096);
	FUZZ_CHECK(buf_put(&b, f.p, f.left) == 0);
	fuzz_memory_store(&b);
	r = servers_find("f", name, &known, fp, &why);
	FUZZ_CHECK(r == 0 || (r == ERR_USAGE && !known && why.text[0] != '\0'));
	understood = r == 0;
	r = servers_add("f", name, pin, "a comment", &why);
	FUZZ_CHECK(!understood ? r == ERR_USAGE
		   : known     ? r == 0 || r == ERR_PIN
			       : r == 0);
	if (r == 0) {
		FUZZ_CHECK(servers_find("f", name, &known, again, &why) == 0);
		FUZZ_CHECK(known && memcmp(again, pin, WIRE_HASH) == 0);
	}
	r = servers_forget("f", name, &n, &why);
	FUZZ_CHECK(r == 0 ? n > 0 || !understood : r == ERR_USAGE);
	r = servers_find("f", name, &known, fp, &why);
	FUZZ_CHECK(!known && (r == 0 || !understood));
	fuzz_memory_store(NULL);
	buf_free(&b);
	return 0;
}
