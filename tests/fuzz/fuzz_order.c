/* Fuzzes the lines of the control socket: what an administrator's program, or
 * anybody that may use the socket, sends the server. */
#include "server/admin/order.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

/* What every accepted order promises to those who carry it out. */
static void check_order(const struct order *o)
{
	FUZZ_CHECK((int)o->what >= 0 && o->what < ORDERS);
	FUZZ_CHECK(order_word(o->what)[0] != '\0');
	FUZZ_CHECK(o->count <= ORDER_ROWS_MAX);
	FUZZ_CHECK(o->seconds <= ORDER_SECONDS_MAX);
	FUZZ_CHECK(strnlen(o->room, sizeof(o->room)) < sizeof(o->room));
	FUZZ_CHECK(strnlen(o->who, sizeof(o->who)) < sizeof(o->who));
	FUZZ_CHECK(strnlen(o->reason, sizeof(o->reason)) < sizeof(o->reason));
	FUZZ_CHECK(o->room[0] == '\0' || text_room(o->room, strlen(o->room)));
	FUZZ_CHECK(o->who[0] == '\0' || text_name(o->who, strlen(o->who)));
	FUZZ_CHECK(text_utf8(o->reason, strlen(o->reason)));
	FUZZ_CHECK(o->role >= ROLE_GUEST && o->role <= ROLE_OWNER);
	FUZZ_CHECK((o->what == ORDER_PASSWORD) == o->has_record);
	FUZZ_CHECK(o->what < ORDER_KICK || o->what == ORDER_INVITES ||
		   o->what == ORDER_REVOKE || o->what == ORDER_ACCOUNTS ||
		   o->what == ORDER_FILES || o->what == ORDER_FILE_DELETE ||
		   o->who[0] != '\0');
	FUZZ_CHECK(o->uses <= WIRE_INVITE_USES);
	FUZZ_CHECK((o->what == ORDER_REVOKE) == (o->id[0] != '\0'));
	FUZZ_CHECK(o->id[0] == '\0' || text_invite_id(o->id, strlen(o->id)));
	FUZZ_CHECK((o->what == ORDER_FILE_DELETE) == (o->file[0] != '\0'));
	FUZZ_CHECK(o->file[0] == '\0' || strlen(o->file) == 2 * WIRE_BLOB);
	FUZZ_CHECK(strnlen(o->device, sizeof(o->device)) < sizeof(o->device));
	FUZZ_CHECK(strpbrk(o->device, " =/+\"\n") == NULL);
}

static void take_line(const uint8_t *p, size_t n)
{
	uint8_t *exact = fuzz_copy(p, n);
	const char *wrong = NULL;
	struct order o;
	int r = order_parse(&o, exact, n, &wrong);

	FUZZ_CHECK(wrong != NULL && wrong[0] != '\0');
	if (r == 0)
		check_order(&o);
	else
		FUZZ_CHECK(r < 0);
	order_wipe(&o);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;
	size_t n;

	json_setup();
	while (size > 0 && (end = memchr(data, '\n', size)) != NULL) {
		n = (size_t)(end - data);
		take_line(data, n);
		data += n + 1;
		size -= n + 1;
	}
	take_line(data, size);
	return 0;
}
