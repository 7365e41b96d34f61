/* asks_account.h - what clients and administrators ask about accounts: own
 * passwords, devices, invites. PROTOCOL.md, section 5c. */
#ifndef CONCLAVED_ROOM_ASKS_ACCOUNT_H
#define CONCLAVED_ROOM_ASKS_ACCOUNT_H

#include "server/room/presence.h"
#include "server/room/registry.h"

/* As asks_handle, for the requests about accounts. */
int asks_account(struct presence *p, const struct request *q) MUST_CHECK;

/* Tells the account's other connections and its rooms that it has another
 * device. Its devices that are not here are told when they come (client_admit.c).
 * ERR_NOMEM: perhaps not all. */
int asks_account_device(const struct registry *g, const uint8_t account[WIRE_KEY],
    const char *name, const uint8_t identity[WIRE_ED25519]) MUST_CHECK;
/* Takes a device away, and ends its connections. by: who does it. ERR_STATE: it
 * is none. *ticket: nobody is told before. */
int asks_account_forget_device(const struct registry *g,
    const struct registry_by *by, const char *name,
    const uint8_t account[WIRE_KEY], const uint8_t identity[WIRE_ED25519],
    uint64_t *ticket) MUST_CHECK;
/* The same with the whole account. */
int asks_account_forget(const struct registry *g, const struct registry_by *by,
    const char *name, const uint8_t account[WIRE_KEY],
    uint64_t *ticket) MUST_CHECK;

#endif
