/* failure.c - makes the sentences that say why no connection was made. */
#include "client/net/failure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Programs such as torsocks and proxychains preload a library that redirects
 * connections, which the sandbox does not allow. Then every failure may be the
 * sandbox's doing, whatever the library makes of it. */
static const char *hint(const struct failure_target *to)
{
	const char *preloaded = getenv("LD_PRELOAD");

	if (!to->sandboxed || preloaded == NULL || preloaded[0] == '\0')
		return "";
	return " (LD_PRELOAD is set: if it redirects connections, as torsocks "
	       "and proxychains do, add --no-sandbox)";
}

int failure_memory(struct errmsg *why)
{
	return errmsg_set(why, ERR_NOMEM,
	    "cannot connect: the system is out of memory or descriptors");
}

/* --- names ---------------------------------------------------------------- */

int failure_no_lookup(const struct failure_target *to, enum failure_lookup how,
    uint64_t wait_ms, struct errmsg *why)
{
	const char *host = to->uri->host;

	switch (how) {
	case FAILURE_HELPER_GONE:
		return errmsg_set(why, ERR_LOST,
		    "\"%s\" cannot be looked up: conclave's own process for "
		    "that has ended; start conclave again",
		    host);
	case FAILURE_LOOKUP_DIED:
		return errmsg_set(why, ERR_LOST,
		    "looking up \"%s\" was cut off: if it happens again, give "
		    "the server's address in numbers%s",
		    host, hint(to));
	default:
		return errmsg_set(why, ERR_LOST,
		    "looking up \"%s\" took longer than %u s: check this "
		    "machine's network and its DNS servers%s",
		    host, (unsigned)(wait_ms / 1000), hint(to));
	}
}

static int no_such_host(const struct failure_target *to, struct errmsg *why)
{
	const char *host = to->uri->host, *zone = strchr(host, '%');
	char address[URI_HOST_MAX + 1];
	struct in6_addr in6;

	if (zone != NULL) {
		snprintf(
		    address, sizeof(address), "%.*s", (int)(zone - host), host);
		if (inet_pton(AF_INET6, address, &in6) == 1)
			return errmsg_set(why, ERR_LOST,
			    "this machine has no network interface \"%s\", "
			    "which [%s] names: `ip link` lists them",
			    zone + 1, host);
	}
	if (strchr(host, ':') != NULL)
		return errmsg_set(why, ERR_LOST,
		    "[%s] is no IPv6 address: check how it is written", host);
	return errmsg_set(why, ERR_LOST,
	    "there is no host \"%s\": check how it is written%s", host,
	    hint(to));
}

int failure_name(
    const struct failure_target *to, int eai, int error, struct errmsg *why)
{
	const char *host = to->uri->host;

	if (eai == EAI_NONAME || eai == EAI_NODATA || eai == EAI_ADDRFAMILY)
		return no_such_host(to, why);
	if (eai == EAI_AGAIN)
		return errmsg_set(why, ERR_LOST,
		    "\"%s\" cannot be looked up at the moment: check this "
		    "machine's network%s",
		    host, hint(to));
	return errmsg_set(why, ERR_LOST, "\"%s\" cannot be looked up: %s%s",
	    host, eai == EAI_SYSTEM ? strerror(error) : gai_strerror(eai),
	    hint(to));
}

/* --- addresses ------------------------------------------------------------ */

/* What happened at one address, around its name; in a list of several; and what
 * to do. */
static const struct {
	const char *before, *after, *counted, *advice;
} ends[RACE_ENDS] = {
    [RACE_UNREACHABLE] = {"there is no way to ", " from here", "unreachable",
	"check this machine's network"},
    [RACE_OTHER] = {"cannot connect to ", "", "failed", "try again later"},
    [RACE_TIMEOUT] = {"", " did not answer", "did not answer",
	"check the address, and any firewall on the way"},
    [RACE_REFUSED] = {"", " refused the connection", "refused",
	"check the address, and that conclaved is running there"},
    [RACE_MISSING] = {"there is no socket ", "", "missing",
	"check that conclaved is listening there"},
    [RACE_CLOSED] = {"", " closed the connection before it said anything",
	"closed at once",
	"check that this is conclaved's port; a proxy in front of it may be "
	"failing"},
    [RACE_SILENT] = {"", " accepted the connection and then said nothing",
	"silent",
	"check that this is conclaved's port; it, or a proxy in front of it, "
	"may hang"},
    [RACE_FORBIDDEN] = {"connecting to ", " is not permitted", "not permitted",
	"ask who runs the server or this machine"},
    [RACE_STRANGER] = {"what answers at ", " is no conclaved", "no conclaved",
	"check the address and the port"},
    [RACE_SPEAKS_TLS] = {"", " speaks TLS", "speaking TLS",
	"connect with conclaves:// instead of conclave://"},
    [RACE_TLS] = {"the TLS of ", " cannot be used", "with wrong TLS",
	"see what is said of one of them alone"},
};

/* What to do about it. */
static const char *const tls_advice[] = {
    [TLS_FAULT_NONE] = "",
    [TLS_FAULT_UNTRUSTED] =
	"get the CA's certificate from who runs the server, and give it with "
	"--ca FILE",
    [TLS_FAULT_SELF_SIGNED] =
	"get it from who runs the server, and give it with --ca FILE",
    [TLS_FAULT_EXPIRED] = "tell who runs the server, and check this machine's "
			  "clock",
    [TLS_FAULT_EARLY] = "tell who runs the server if this machine's clock is "
			"right",
    [TLS_FAULT_HOST] = "use the name that is in it, or somebody poses as that "
		       "server",
    [TLS_FAULT_PURPOSE] = "the server needs one for servers",
    [TLS_FAULT_REVOKED] = "do not connect; ask who runs the server",
    [TLS_FAULT_CRL] = "get a current one into the file of --ca",
    [TLS_FAULT_WEAK] = "the server needs a new one",
    [TLS_FAULT_CHAIN] = "the server needs another, or has to send all of its "
			"chain (fullchain.pem)",
    [TLS_FAULT_VERSION] = "check that this is conclaved's port",
    [TLS_FAULT_PLAIN] = "connect with conclave:// if it is meant to be without "
			"TLS, or check the port",
    [TLS_FAULT_WANTED] = "give yours with --certificate FILE",
    [TLS_FAULT_REFUSED] = "check that the one of --certificate is current, and of "
			  "the CA that the server trusts",
    [TLS_FAULT_BUSY] = "try again later",
    [TLS_FAULT_BROKEN] = "check that this is conclaved's port",
};

static enum race_end most_telling(const struct race_tally *t)
{
	int i = RACE_ENDS - 1;

	while (i > 0 && t->ends[i] == 0)
		i--;
	return (enum race_end)i;
}

static const char *advice_of(const struct failure_target *to, enum race_end end)
{
	if (end == RACE_FORBIDDEN && hint(to)[0] != '\0')
		return "conclave's own sandbox allows only the server's port";
	if (end == RACE_FORBIDDEN && to->sandboxed)
		return "a firewall of this machine, or conclave's own sandbox "
		       "if another program redirects its connections: then add "
		       "--no-sandbox";
	return ends[end].advice;
}

/* "3 refused the connection, 1 did not answer" */
static void counts(char *out, size_t size, const struct race_tally *t)
{
	size_t used = 0;
	int i, n;

	out[0] = '\0';
	for (i = RACE_ENDS - 1; i >= 0; i--) {
		if (t->ends[i] == 0)
			continue;
		n = snprintf(out + used, size - used, "%s%zu %s%s%s",
		    used > 0 ? ", " : "", t->ends[i], ends[i].counted,
		    i == RACE_OTHER ? ": " : "",
		    i == RACE_OTHER ? strerror(t->error) : "");
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

static int one_address(const struct failure_target *to, enum race_end end,
    int error, struct errmsg *why)
{
	const char *reason = end == RACE_OTHER ? strerror(error) : "";

	if (end == RACE_OTHER && error == EINVAL &&
	    strncasecmp(to->uri->host, "fe80:", 5) == 0)
		return errmsg_set(why, ERR_LOST,
		    "%s needs the name of a network interface, as in "
		    "[%s%%eth0]: `ip link` lists them",
		    to->name, to->uri->host);
	return errmsg_set(why, ERR_LOST, "%s%s%s: %s%s%s%s", ends[end].before,
	    to->name, ends[end].after, reason, reason[0] != '\0' ? "; " : "",
	    advice_of(to, end), hint(to));
}

static int tls_failed(const struct failure_target *to,
    const struct race_tally *t, struct errmsg *why)
{
	bool words = t->fault == TLS_FAULT_BROKEN ||
		     t->fault == TLS_FAULT_REFUSED ||
		     t->fault == TLS_FAULT_CHAIN;

	return errmsg_set(why, ERR_LOST, "no TLS with %s: %s%s%s%s; %s",
	    to->name, tls_fault_str(t->fault),
	    words && t->detail[0] != '\0' ? " (" : "", words ? t->detail : "",
	    words && t->detail[0] != '\0' ? ")" : "", tls_advice[t->fault]);
}

int failure_race(const struct failure_target *to, const struct race_tally *t,
    size_t found, struct errmsg *why)
{
	enum race_end end = most_telling(t);
	char list[300], tried[64] = "";

	if (end == RACE_TLS)
		return tls_failed(to, t, why);

	if (found == 1)
		return one_address(to, end, t->error, why);
	if (found > t->tried)
		snprintf(tried, sizeof(tried), ", %zu of which were tried",
		    t->tried);
	counts(list, sizeof(list), t);
	return errmsg_set(why, ERR_LOST,
	    "no conclaved answered at %s, which has %zu addresses%s (%s): %s%s",
	    to->name, found, tried, list, advice_of(to, end), hint(to));
}
