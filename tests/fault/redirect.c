/* redirect.c - preloaded library that sends connections to a proxy, as torsocks
 * and proxychains do: every TCP connection goes to 127.0.0.1 and the port
 * $CONCLAVE_FAULT_REDIRECT. If that fails, the program sees the errno
 * $CONCLAVE_FAULT_ERRNO, as under proxychains, or the real one. */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	const char *port = getenv("CONCLAVE_FAULT_REDIRECT");
	const char *error = getenv("CONCLAVE_FAULT_ERRNO");
	int (*real)(int, const struct sockaddr *, socklen_t);
	struct sockaddr_in proxy = {.sin_family = AF_INET};
	int r;

	*(void **)&real = dlsym(RTLD_NEXT, "connect");
	if (to->sa_family != AF_INET)
		return real(fd, to, len);
	if (port == NULL)
		abort(); /* a test without its fault would pass */
	proxy.sin_port = htons((uint16_t)atoi(port));
	proxy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = real(fd, (const struct sockaddr *)&proxy, sizeof(proxy));
	if (r != 0 && errno != EINPROGRESS && error != NULL)
		errno = atoi(error);
	return r;
}
