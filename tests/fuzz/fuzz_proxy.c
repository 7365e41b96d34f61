/* Fuzzes the header of the PROXY protocol: however it is cut, the result is the
 * same, and only the documented headers are accepted. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "server/net/proxy.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size + 1); /* overruns are seen at its end */
	struct sockaddr_storage from, early;
	size_t used, n, i;
	int r, part;

	FUZZ_CHECK(exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);
	r = proxy_read(&from, exact, size, &used);
	FUZZ_CHECK(used <= size && used <= PROXY_HEAD + PROXY_BODY_MAX);
	if (r == 0) {
		FUZZ_CHECK(used >= PROXY_HEAD);
		FUZZ_CHECK(
		    from.ss_family == (exact[12] == 0x20      ? AF_UNSPEC
					  : exact[13] == 0x11 ? AF_INET
							      : AF_INET6));
	}
	for (i = 0; i < size && i <= PROXY_HEAD + PROXY_BODY_MAX; i++) {
		part = proxy_read(&early, exact, i, &n);
		/* A part never says something else than the whole, but that
		 * more is needed. */
		FUZZ_CHECK(part == ERR_AGAIN || part == r);
		if (part == 0)
			FUZZ_CHECK(n == used && n <= i);
	}
	free(exact);
	return 0;
}
