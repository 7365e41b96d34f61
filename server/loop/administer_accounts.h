/* administer_accounts.h - what an administrator sees of accounts and invites, and
 * changes. */
#ifndef CONCLAVED_LOOP_ADMINISTER_ACCOUNTS_H
#define CONCLAVED_LOOP_ADMINISTER_ACCOUNTS_H

#include "server/audit.h"
#include "server/admin/facts.h"
#include "server/room/registry.h"

/* Borrowed for as long as the table is used, in one thread. */
struct administer_accounts {
	const struct registry *registry;
	struct audit *audit;
	struct crypto *crypto;
};
struct admin_accounts administer_accounts(struct administer_accounts *a);

#endif
