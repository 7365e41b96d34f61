/* option_defaults.c - the values of the server's options before any source is
 * read. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "server/option_table.h"

#define MEMORY_MAX (UINT64_C(512) << 20)

/* The number of cores that we may run on. */
static uint32_t cores(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (uint32_t)n;
}

void server_options_defaults(struct server_options_values *v)
{
	memset(v, 0, sizeof(*v));
	buf_init_secret(&v->o.password, WIRE_PASSWORD_MAX);
	memcpy(v->o.room, "lobby", sizeof("lobby"));
	v->o.sync_full = true;
	v->o.scrypt_n = WIRE_SCRYPT_N;
	v->o.users_max = 1000;
	v->o.per_account = 8;
	v->o.per_address = 64;
	v->o.rooms_max = 10000;
	v->o.rooms_per_identity = 16;
	v->o.people.accounts_max = 10000;
	v->o.people.per_hour = 60;
	v->o.newcomers = ROLE_MEMBER;
	v->o.retention = (struct retention){.history = HISTORY_MEMBERS,
	    .days = 7,
	    .count = 100000,
	    .days_max = 365,
	    .count_max = 1000000};
	v->o.files = (struct blob_limits){.file = UINT64_C(2) << 30,
	    .person = UINT64_C(8) << 30,
	    .all = UINT64_C(32) << 30};
	v->o.files_days = 30;
	v->o.rate = 200;
	v->o.rate_bytes = UINT64_C(64) << 10;
	v->o.rate_burst = UINT64_C(1) << 20;
	v->o.rekey_ms = WIRE_REKEY_MS;
	v->o.handshakes_max = 1000;
	v->o.guesses_address = 1;
	v->o.guesses.site = 4;
	v->o.guesses.net = 16;
	v->o.guesses.name = 4;
	v->o.guesses.all = 600;
	v->o.memory_max = MEMORY_MAX;
	v->o.workers = cores();
	v->o.logger_level = LOGGER_INFO;
	v->o.log_addresses = true;
}

void server_options_values_free(struct server_options_values *v)
{
	server_options_free(&v->o);
	free(v->password_file);
	v->password_file = NULL;
}

void server_options_machine(struct opts *m,
    struct server_options_values *values, struct server_options_values *unused)
{
	server_options_defaults(values);
	server_options_defaults(unused);
	*m = (struct opts){.program = "conclaved",
	    .rows = server_options_table,
	    .n_rows = SERVER_OPTIONS_ROWS,
	    .values = values,
	    .unused = unused,
	    .prefix = "CONCLAVE_",
	    .surplus = "to listen on it, say --listen",
	    .unknown = "conclaved --help lists them; leave out the dashes"};
}
