/* The PROXY protocol's header: every rule, every cut, and who may send it. */
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "server/net/proxy.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4	  "\xc0\0\2\7\x7f\0\0\1\x10\xe1\x09\xe0"

struct row {
	const char *name, *bytes;
	size_t n;
	int r;
	const char *from; /* NULL: nobody is named */
};
#define ROW(name, bytes, r, from)                                              \
	{                                                                      \
		name, bytes, sizeof(bytes) - 1, r, from                        \
	}
static const struct row rows[] = {
    ROW("IPv4", SIGNATURE "\x21\x11\0\x0c" V4, 0, "192.0.2.7"),
    ROW("with TLVs", SIGNATURE "\x21\x11\0\x14" V4 "\4\0\2ab\5\0\0", 0,
	"192.0.2.7"),
    ROW("IPv6",
	SIGNATURE "\x21\x21\0\x24"
		  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
		  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x10\xe1\x09\xe0",
	0, "2001:db8::7"),
    ROW("LOCAL", SIGNATURE "\x20\0\0\0", 0, NULL),
    ROW("LOCAL with an address", SIGNATURE "\x20\x11\0\x0c" V4, 0, NULL),
    ROW("a TLV longer than the header",
	SIGNATURE "\x21\x11\0\x11" V4 "\4\0\3ab", ERR_RANGE, NULL),
    ROW("half the head of a TLV", SIGNATURE "\x21\x11\0\x0e" V4 "\4\0",
	ERR_TRUNC, NULL),
    ROW("too short for its addresses",
	SIGNATURE "\x21\x11\0\x0b\xc0\0\2\7\x7f\0\0\1\x10\xe1\x09", ERR_TRUNC,
	NULL),
    ROW("too long", SIGNATURE "\x21\x11\4\1", ERR_RANGE, NULL),
    ROW("version 1 in the version", SIGNATURE "\x11\x11\0\x0c" V4, ERR_STATE,
	NULL),
    ROW("an unknown command", SIGNATURE "\x22\x11\0\x0c" V4, ERR_STATE, NULL),
    ROW("UDP", SIGNATURE "\x21\x12\0\x0c" V4, ERR_STATE, NULL),
    ROW("a Unix socket", SIGNATURE "\x21\x31\0\x0c" V4, ERR_STATE, NULL),
    ROW("no family", SIGNATURE "\x21\0\0\0", ERR_STATE, NULL),
    ROW("a hello", "\0\0\0\x80{", ERR_STATE, NULL),
    ROW("text", "PROXY TCP4 192.0.2.7", ERR_STATE, NULL),
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct sockaddr_storage from;
	char text[64] = "";
	size_t used, i;
	int r;

	assert_int_equal(
	    proxy_read(&from, (const uint8_t *)row->bytes, row->n, &used),
	    row->r);
	if (row->r == 0)
		assert_int_equal(used, row->n);
	if (row->r == 0 && row->from == NULL)
		assert_int_equal(from.ss_family, AF_UNSPEC);
	if (row->from != NULL && from.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&from)->sin_addr,
		    text, sizeof(text));
	else if (row->from != NULL)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&from)->sin6_addr,
		    text, sizeof(text));
	if (row->from != NULL)
		assert_string_equal(text, row->from);
	/* Every part: more is needed, or it is wrong already. */
	for (i = 0; i < row->n; i++) {
		r = proxy_read(&from, (const uint8_t *)row->bytes, i, &used);
		assert_true(r == ERR_AGAIN || r == row->r);
		if (row->r == 0)
			assert_int_equal(r, ERR_AGAIN);
	}
}

static bool has(const struct proxies *p, const char *text)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return proxies_have(p, (const void *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return proxies_have(p, (const void *)&in6);
}

static void test_who(void **state)
{
	const struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct proxies p = {0};
	int i;

	(void)state;
	assert_false(has(&p, "192.0.2.1"));
	assert_false(has(&p, "::"));
	assert_false(proxies_have(&p, (const void *)&un));
	assert_int_equal(proxies_add(&p, "192.0.2.1"), 0);
	assert_true(has(&p, "192.0.2.1"));
	assert_true(has(&p, "::ffff:192.0.2.1"));
	assert_false(has(&p, "192.0.2.2"));
	assert_false(has(&p, "::c000:201"));
	assert_int_equal(proxies_add(&p, "2001:db8::1"), 0);
	assert_true(has(&p, "2001:db8::1"));
	assert_false(has(&p, "2001:db8::2"));
	assert_false(proxies_have(&p, (const void *)&un));
	assert_int_equal(proxies_add(&p, "unix"), 0);
	assert_true(proxies_have(&p, (const void *)&un));
	assert_int_equal(proxies_add(&p, "localhost"), ERR_USAGE);
	assert_int_equal(proxies_add(&p, "192.0.2.0/24"), ERR_USAGE);
	for (i = 3; i < PROXIES_MAX; i++)
		assert_int_equal(proxies_add(&p, "192.0.2.9"), 0);
	assert_int_equal(proxies_add(&p, "192.0.2.9"), ERR_LIMIT);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_add(&g, test_row, (void *)(uintptr_t)&rows[i], "%s",
		    rows[i].name);
	check_add(&g, test_who, NULL, "who may send it");
	return check_run("PROXY", &g);
}
