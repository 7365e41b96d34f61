/* detect.c - recognizes other protocols by their first bytes. */
#include <string.h>

#include "server/auth/detect.h"

#define SPEAKS "this is conclaved, a group chat: talk to it with conclave"
#define HTTP_ANSWER                                                            \
	"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n"             \
	"Connection: close\r\n\r\n" SPEAKS "\r\n"

static const struct {
	const char *bytes;
	size_t n;
	struct detect is;
} known[] = {
    {"\x16\x03", 2, {"TLS", SPEAKS "\r\n"}}, /* a ClientHello's record */
    {"GET ", 4, {"HTTP", HTTP_ANSWER}},
    {"HEAD", 4, {"HTTP", HTTP_ANSWER}},
    {"POST", 4, {"HTTP", HTTP_ANSWER}},
    {"PUT ", 4, {"HTTP", HTTP_ANSWER}},
    {"OPTI", 4, {"HTTP", HTTP_ANSWER}},
    {"CONN", 4, {"HTTP", HTTP_ANSWER}},
    {"PRI ", 4, {"HTTP/2", NULL}},
    {"\r\n\r\n", 4, {"the PROXY protocol (see --proxy-from)", NULL}},
    {"PROX", 4, {"version 1 of the PROXY protocol (see --proxy-from)", NULL}},
    {"SSH-", 4, {"SSH", SPEAKS "\r\n"}},
};

const struct detect *detect_first(const uint8_t *first, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (n >= known[i].n &&
		    memcmp(first, known[i].bytes, known[i].n) == 0)
			return &known[i].is;
	return NULL;
}
