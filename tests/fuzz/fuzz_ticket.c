/* Fuzzes tickets: bytes that a stranger shows in place of one, a valid one with
 * some of its bytes changed, and a client's reading of the frame that brings
 * one. */
#include "server/auth/ticket.h"
#include "shared/proto/control.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1767225600 };

static struct crypto *crypto;
static struct tickets *tickets;
static uint8_t valid[WIRE_TICKET];

static void make(void)
{
	static const uint8_t key[WIRE_KEY] = {7};
	static const struct ticket_of of = {{9}, {5}};
	uint64_t seed = 1;
	struct rng rng = fuzz_rng(&seed);

	crypto = crypto_new();
	tickets = tickets_new(key);
	FUZZ_CHECK(crypto != NULL && tickets != NULL);
	FUZZ_CHECK(
	    ticket_make(crypto, tickets, &rng, valid, &of, NOW) == 0);
}

static void show(const uint8_t ticket[WIRE_TICKET])
{
	struct ticket_of of;
	bool same = memcmp(ticket, valid, WIRE_TICKET) == 0;
	int r = ticket_take(crypto, tickets, ticket, &of, NOW);

	FUZZ_CHECK((r == 0) == same); /* nobody else makes one */
	FUZZ_CHECK(r == 0 || r == ERR_OPEN);
	if (r != 0)
		return;
	FUZZ_CHECK(of.identity[0] == 9 && of.account[0] == 5);
	FUZZ_CHECK(ticket_take(crypto, tickets, ticket, &of, NOW) ==
		   ERR_REPLAYED);
	ticket_return(tickets, ticket);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t ticket[WIRE_TICKET] = {0};
	struct control c, again;
	struct buf json;
	size_t i;

	if (crypto == NULL)
		make();
	memcpy(ticket, data, size < sizeof(ticket) ? size : sizeof(ticket));
	show(ticket);
	for (i = 0; i < sizeof(ticket); i++)
		ticket[i] = valid[i] ^ (i < size ? data[i] : 0);
	show(ticket);
	if (control_decode(&c, FROM_SERVER, data, size) != 0 ||
	    c.type != CONTROL_TICKET)
		return 0;
	buf_init(&json, WIRE_JSON_MAX);
	FUZZ_CHECK(
	    control_ticket(&json, c.u.ticket.ticket, c.u.ticket.seconds) == 0);
	FUZZ_CHECK(control_decode(&again, FROM_SERVER, json.p, json.len) == 0);
	FUZZ_CHECK(memcmp(&again, &c, sizeof(c)) == 0);
	buf_free(&json);
	return 0;
}
