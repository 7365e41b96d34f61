/* db_seal.c - the columns that only state.key opens. */
#include <string.h>

#include "server/store/db_int.h"
#include "shared/crypto/random.h"

static const char epoch_label[] = "conclave keeper epoch";
static const char check_label[] = "conclave keeper key check";

enum { AAD = sizeof(epoch_label) + 12 };

static void aad_of(uint8_t aad[AAD], const struct db_place *at)
{
	memcpy(aad, epoch_label, sizeof(epoch_label));
	put_u32(aad + sizeof(epoch_label), at->room);
	put_u32(aad + sizeof(epoch_label) + 4, at->run);
	put_u32(aad + sizeof(epoch_label) + 8, at->epoch);
}

int db_seal(struct db *db, uint8_t out[DB_SEALED], const struct db_place *at,
    const uint8_t base[WIRE_KEY])
{
	const struct rng rng = random_system();
	uint8_t aad[AAD];
	int r;

	aad_of(aad, at);
	if ((r = rng.fill(rng.arg, out, WIRE_IV)) != 0)
		return r;
	return crypto_seal(db->crypto, out + WIRE_IV, db->key, out, aad,
	    sizeof(aad), base, WIRE_KEY);
}

int db_unseal(struct db *db, uint8_t base[WIRE_KEY], const struct db_place *at,
    const uint8_t in[DB_SEALED])
{
	uint8_t aad[AAD];

	aad_of(aad, at);
	return crypto_open(db->crypto, base, db->key, in, aad, sizeof(aad),
	    in + WIRE_IV, DB_SEALED - WIRE_IV);
}

int db_key_check(struct db *db, uint8_t out[DB_KEY_CHECK])
{
	const struct part label = {check_label, sizeof(check_label)};
	uint8_t mac[WIRE_HASH];
	int r = crypto_hmac(db->crypto, mac, db->key, WIRE_KEY, &label, 1);

	if (r == 0)
		memcpy(out, mac, DB_KEY_CHECK);
	return r;
}

enum { BYTES_AAD = 64 };

static size_t bytes_aad(
    uint8_t aad[BYTES_AAD], const char *label, const void *id, size_t n)
{
	size_t len = strlen(label) + 1;

	memcpy(aad, label, len); /* our own words, and ids of at most DB_ID */
	memcpy(aad + len, id, n);
	return len + n;
}

int db_seal_bytes(struct db *db, uint8_t *out, const char *label,
    const void *id, size_t id_len, const void *in, size_t n)
{
	const struct rng rng = random_system();
	uint8_t aad[BYTES_AAD];
	size_t len = bytes_aad(aad, label, id, id_len);
	int r;

	if ((r = rng.fill(rng.arg, out, WIRE_IV)) != 0)
		return r;
	return crypto_seal(
	    db->crypto, out + WIRE_IV, db->key, out, aad, len, in, n);
}

int db_unseal_bytes(struct db *db, uint8_t *out, const char *label,
    const void *id, size_t id_len, const uint8_t *in, size_t n)
{
	uint8_t aad[BYTES_AAD];
	size_t len = bytes_aad(aad, label, id, id_len);

	return crypto_open(db->crypto, out, db->key, in, aad, len,
	    in + WIRE_IV, n - WIRE_IV);
}
